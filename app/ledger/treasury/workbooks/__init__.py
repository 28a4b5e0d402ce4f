"""The register of moves between cash, WeChat, Alipay and bank."""
