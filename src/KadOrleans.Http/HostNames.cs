using System.Collections.Frozen;
using System.Net.Sockets;

namespace KadOrleans.Http;

// The host names that a server accepts, against DNS rebinding. There a web page makes its own name resolve to this machine. Its requests
// carry that name in the Host header, and without a check it could read every response. IP addresses are always allowed: no page can have
// one as its name, and probes of Kubernetes and load balancers use them. The framework's own filter knows names alone. Allowed are also
// localhost, and HTTP/1.0 requests without the header, which browsers always send. An entry says whether a name is asked by HTTPS, which a
// proxy ends: so nothing is taken from a header that anybody may send.
internal sealed class HostNames(IEnumerable<string> entries)
{
    /// <summary>The allowed content of a list, as the end of an error's sentence.</summary>
    public const string Needed = "host names without a port are needed, such as kad.example.org, or https://kad.example.org if a proxy serves that name by HTTPS; IP addresses and localhost are always allowed";

    private const string Https = "https://";

    // The most characters of a DNS name, with dots.
    private const int MaxLength = 253;

    private readonly FrozenSet<string> _names = entries.Select(NameOf).Append("localhost").ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    private readonly FrozenSet<string> _encrypted = entries.Where(entry => NameOf(entry) != entry).Select(NameOf).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static HostNames None { get; } = new([]);

    /// <summary>Whether a name is asked by HTTPS.</summary>
    public bool HasEncrypted => _encrypted.Count > 0;

    /// <summary>
    /// Whether a text is a host name, or one behind <c>https://</c>. A name is ASCII, 1 to 253 characters; an international one in its xn-- form.
    /// </summary>
    public static bool IsEntry(string text) =>
        NameOf(text) is { Length: <= MaxLength } name && name.All(char.IsAscii) && !name.EndsWith('.') && Uri.CheckHostName(name) == UriHostNameType.Dns;

    /// <summary>Whether a request with this Host header is allowed. The port is ignored.</summary>
    public bool Allows(HostString host) =>
        !host.HasValue || IsAddress(host.Host) || _names.Contains(host.Host.TrimEnd('.'));

    /// <summary>Whether browsers ask under this Host header by HTTPS.</summary>
    public bool IsEncrypted(HostString host) => host.HasValue && _encrypted.Contains(host.Host.TrimEnd('.'));

    private static string NameOf(string entry) => entry.StartsWith(Https, StringComparison.OrdinalIgnoreCase) ? entry[Https.Length..] : entry;

    // Only the canonical spelling, which browsers send: other spellings that parse, such as 127.1, might be names.
    private static bool IsAddress(string host) => host.StartsWith('[')
        ? host.EndsWith(']') && IPAddress.TryParse(host[1..^1], out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6
        : IPAddress.TryParse(host, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && v4.ToString() == host;
}

/// <summary>Responds 421 (Misdirected Request, RFC 9110 §15.5.20) if the Host header is not one of the server's names.</summary>
internal static class HostCheck
{
    public static void UseHostCheck(this IApplicationBuilder application, HttpPlace place) => application.Use((context, next) =>
    {
        if (place.Hosts.Allows(context.Request.Host))
        {
            if (place.Hosts.IsEncrypted(context.Request.Host))
            {
                context.Request.Scheme = Uri.UriSchemeHttps;
            }

            return next(context);
        }

        return ApiProblem.Create(
            ProblemType.UnknownHost,
            $"The Host header is '{VisibleText.Excerpt(context.Request.Host.ToString())}'; this server's IP address is needed, "
            + $"or a name in {place.HostsSetting}.")
            .ExecuteAsync(context);
    });
}
