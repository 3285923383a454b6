using System.Net;

namespace KadOrleans.Cli;

public static class Endpoints
{
    /// <summary>IP:PORT to listen on; port 0 is any free one.</summary>
    public static UdpEndpoint ParseListen(string text) => UdpEndpoint.TryParse(text, out var endpoint)
        ? endpoint
        : throw CommandException.WrongUsage(
            $"--listen is '{text}'; {UdpEndpoint.Needed}.");

    /// <summary>HOST:PORT of another node. The name is the option's or argument's.</summary>
    internal static HostAddress ParseHost(string name, string text) => HostAddress.TryParse(text, out var address, out var problem)
        ? address
        : throw CommandException.WrongUsage($"{name}: {problem}");

    /// <summary>IP:PORT, :PORT or PORT of the status pages, behind https:// for HTTPS; loopback where no address is given.</summary>
    public static (IPEndPoint EndPoint, bool IsEncrypted) ParseHttp(string text) => KadSettings.TryHttp(text, out var endpoint, out var isEncrypted)
        ? (endpoint, isEncrypted)
        : throw CommandException.WrongUsage(
            $"--http is '{text}'; IP:PORT or PORT is needed, such as 127.0.0.1:8080 or 8080, with a port of 1 to 65535, or 0 for any free "
                + $"one, behind https:// for HTTPS.");

    internal static HostNames ParseHttpHosts(string name, string[] texts) => texts.FirstOrDefault(text => !HostNames.IsEntry(text)) is { } wrong
        ? throw CommandException.WrongUsage($"{name} is '{wrong}'; {HostNames.Needed}.")
        : new HostNames(texts);

    public static string ParseRange(string name, string text) => AddressRange.TryParse(text, out _)
        ? text
        : throw CommandException.WrongUsage($"{name} is '{text}'; an address range is needed, such as 10.0.0.0/8 or fd00::/8.");
}
