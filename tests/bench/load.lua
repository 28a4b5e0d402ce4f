-- Asks for one address with a query that no one asked before, so that every answer is rendered; prints percentiles.
local number = 0
local thread_number = 0
function setup(thread) thread:set("mine", thread_number); thread_number = thread_number + 1 end
function init(args) separator = args[1]; fresh = args[2] == "fresh" end
function request()
  if not fresh then return wrk.format("GET", wrk.path) end
  number = number + 1
  return wrk.format("GET", wrk.path .. separator .. "once=" .. mine .. "-" .. number)
end
function done(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(95), failed))
end
