using System.Net;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Hosting.Http;
using KadOrleans.Hosting.Settings;
using KadOrleans.Node.Joining;

namespace KadOrleans.Cli.Arguments;

/// <summary>Addresses as they are typed. A mistake is a <see cref="CommandException"/> that names the option.</summary>
internal static class Endpoints
{
    /// <summary>IP:PORT to listen on; port 0 is any free one.</summary>
    public static UdpEndpoint ParseListen(string text) => UdpEndpoint.TryParse(text, out var endpoint)
        ? endpoint
        : throw CommandException.WrongUsage(
            $"--listen is '{text}'; IP:PORT is needed, such as 0.0.0.0:8468 or [::]:8468, with a port of 1 to 65535, or 0 for any free one.");

    /// <summary>HOST:PORT of another node.</summary>
    /// <param name="name">The option or argument, for the sentence.</param>
    /// <param name="text">The text as typed.</param>
    public static HostAddress ParseHost(string name, string text) => HostAddress.TryParse(text, out var address, out var problem)
        ? address
        : throw CommandException.WrongUsage($"{name}: {problem}");

    /// <summary>IP:PORT, :PORT or PORT of the status pages; loopback where no address is given.</summary>
    public static IPEndPoint ParseHttp(string text) => KadSettings.TryEndPoint(text, out var endpoint)
        ? endpoint
        : throw CommandException.WrongUsage(
            $"--http is '{text}'; IP:PORT or PORT is needed, such as 127.0.0.1:8080 or 8080, with a port of 1 to 65535, or 0 for any free one.");

    /// <summary>The allowed host names of the status pages.</summary>
    /// <param name="name">The option, for the sentence.</param>
    /// <param name="texts">The text as typed.</param>
    public static HostNames ParseHttpHosts(string name, string[] texts) => texts.FirstOrDefault(text => !HostNames.IsName(text)) is { } wrong
        ? throw CommandException.WrongUsage($"{name} is '{wrong}'; {HostNames.Needed}.")
        : HostNames.Of(texts);

    /// <summary>An address range in CIDR form.</summary>
    public static string ParseTrust(string text) => AddressRange.TryParse(text, out _)
        ? text
        : throw CommandException.WrongUsage($"--trust is '{text}'; an address range is needed, such as 10.0.0.0/8 or fd00::/8.");
}
