using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace KadOrleans.Hosting.Http;

/// <summary>
/// The names that a server answers to. A web page that lets its own name point to this machine (DNS rebinding) sends that
/// name in the Host header, and could read every response if names were not checked.
/// </summary>
/// <remarks>
/// IP addresses are always allowed, as no page can make its name one: probes of Kubernetes and of load balancers use them.
/// So is localhost, and a request of HTTP/1.0 without the header, as browsers always send it.
/// </remarks>
internal sealed class HostNames
{
    /// <summary>What a list may contain, as the end of an error's sentence.</summary>
    public const string Needed = "host names without a port are needed, such as kad.example.org; IP addresses and localhost are always allowed";

    private const string Localhost = "localhost";

    // Of a DNS name, dots included.
    private const int MaxLength = 253;

    private readonly FrozenSet<string> _names;

    private HostNames(IEnumerable<string> names)
    {
        _names = names.Append(Localhost).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>No name but localhost.</summary>
    public static HostNames None { get; } = new([]);

    /// <summary>Checks names as an operator typed them.</summary>
    /// <param name="names">ASCII, each 1 to 253 characters; international names in their xn-- form.</param>
    /// <param name="hosts">They, and what is always allowed.</param>
    /// <returns>False if one is no host name.</returns>
    public static bool TryParse(IReadOnlyCollection<string> names, out HostNames hosts)
    {
        ArgumentNullException.ThrowIfNull(names);
        hosts = new HostNames(names);
        return names.All(IsName);
    }

    /// <summary>The same of a list with commas, as settings have it.</summary>
    public static bool TryParse(string list, out HostNames hosts)
    {
        ArgumentNullException.ThrowIfNull(list);
        return TryParse(list.Split(',', StringSplitOptions.TrimEntries), out hosts);
    }

    /// <summary>Whether a request with this Host header is answered; its port is ignored.</summary>
    public bool Allows(HostString host) =>
        !host.HasValue || IsAddress(host.Host) || _names.Contains(host.Host.TrimEnd('.'));

    private static bool IsName(string text) =>
        text.Length <= MaxLength && text.All(char.IsAscii) && !text.EndsWith('.') && Uri.CheckHostName(text) == UriHostNameType.Dns;

    // In the one spelling that browsers send: other spellings that parse, such as 127.1, might be names.
    private static bool IsAddress(string host)
    {
        if (host.StartsWith('['))
        {
            return host.EndsWith(']') && IPAddress.TryParse(host[1..^1], out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6;
        }

        return IPAddress.TryParse(host, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && v4.ToString() == host;
    }
}

/// <summary>Answers 421 (Misdirected Request, RFC 9110 §15.5.20) where the Host header is not one of the server's names.</summary>
internal static class HostCheck
{
    /// <summary>Checks every request that comes after this; so it belongs first.</summary>
    /// <param name="application">The server's pipeline.</param>
    /// <param name="hosts">The names that are allowed.</param>
    /// <param name="setting">What an operator adds a name to, for the sentence.</param>
    public static IApplicationBuilder UseHostCheck(this IApplicationBuilder application, HostNames hosts, string setting)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        var sentence = $"The Host header is not a name of this server; use its IP address, or add the name to {setting}.\n";
        return application.Use((context, next) => hosts.Allows(context.Request.Host) ? next(context) : RefuseAsync(context, sentence));
    }

    private static Task RefuseAsync(HttpContext context, string sentence)
    {
        context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(sentence, context.RequestAborted);
    }
}
