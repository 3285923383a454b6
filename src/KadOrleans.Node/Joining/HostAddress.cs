using System.Globalization;
using KadOrleans.Core;

namespace KadOrleans.Node.Joining;

/// <summary>A HOST:PORT as people write it: a name, an IPv4 address, or an IPv6 address in brackets.</summary>
/// <param name="Host">The name or the literal, without brackets.</param>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct HostAddress(string Host, ushort Port)
{
    // No name is longer (RFC 1035 §2.3.4), and the system's resolver throws on one that is.
    private const int MaxHostLength = 255;

    /// <summary>Parses HOST:PORT. On failure <paramref name="problem"/> says in one sentence what is wrong.</summary>
    public static bool TryParse(string text, out HostAddress address, out string problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = default;
        problem = $"'{text}' is not HOST:PORT, for example node.example.org:8468 or [::1]:8468.";
        var colon = text.LastIndexOf(':');
        if (colon <= 0)
        {
            return false;
        }

        var host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            return false;
        }

        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            problem = $"'{text[(colon + 1)..]}' in '{text}' is not a port: 1 to 65535 is allowed.";
            return false;
        }

        if (host.Length is 0 or > MaxHostLength)
        {
            return false;
        }

        address = new HostAddress(host, port);
        problem = string.Empty;
        return true;
    }

    /// <summary>The endpoint, if the host is a literal address.</summary>
    public UdpEndpoint? ToEndpoint() => AddressText.TryParse(Host.AsSpan(), Port, out var endpoint) ? endpoint : null;
}
