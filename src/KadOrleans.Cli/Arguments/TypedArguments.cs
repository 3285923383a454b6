using System.Net;
using System.Numerics;

namespace KadOrleans.Cli;

public static class Endpoints
{
    /// <summary>IP:PORT to listen on; port 0 is any free one.</summary>
    public static UdpEndpoint ParseListen(string text) => UdpEndpoint.TryParse(text, out var endpoint)
        ? endpoint
        : throw CommandException.WrongUsage(
            $"--listen is '{text}'; IP:PORT is needed, such as 0.0.0.0:8468 or [::]:8468, with a port of 1 to 65535, or 0 for any free one.");

    /// <summary>HOST:PORT of another node. The name is the option's or argument's.</summary>
    public static HostAddress ParseHost(string name, string text) => HostAddress.TryParse(text, out var address, out var problem)
        ? address
        : throw CommandException.WrongUsage($"{name}: {problem}");

    /// <summary>IP:PORT, :PORT or PORT of the status pages; loopback where no address is given.</summary>
    public static IPEndPoint ParseHttp(string text) => KadSettings.TryEndPoint(text, out var endpoint)
        ? endpoint
        : throw CommandException.WrongUsage(
            $"--http is '{text}'; IP:PORT or PORT is needed, such as 127.0.0.1:8080 or 8080, with a port of 1 to 65535, or 0 for any free one.");

    public static HostNames ParseHttpHosts(string name, string[] texts) => texts.FirstOrDefault(text => !HostNames.IsName(text)) is { } wrong
        ? throw CommandException.WrongUsage($"{name} is '{wrong}'; {HostNames.Needed}.")
        : new HostNames(texts);

    public static string ParseTrust(string text) => AddressRange.TryParse(text, out _)
        ? text
        : throw CommandException.WrongUsage($"--trust is '{text}'; an address range is needed, such as 10.0.0.0/8 or fd00::/8.");
}

public static class Numbers
{
    public static int ParseWhole(string name, string text, int least, int most) =>
        Parse(name, text, NumberStyles.AllowLeadingSign, least, most, "a whole number");

    public static T Parse<T>(string name, string text, NumberStyles styles, T least, T most, string what)
        where T : INumber<T> => T.TryParse(text, styles, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
        ? number
        : throw CommandException.WrongUsage(string.Create(
            CultureInfo.InvariantCulture, $"{name} is '{text}'; {what} is needed, {least} to {most}."));
}

/// <summary>An option with a whole number within bounds, which its description has, and a default.</summary>
internal sealed class NumberOption : Option<string?>
{
    private readonly (int Least, int Most, int ByDefault) _bounds;

    public NumberOption(string name, string description, int least, int most, int byDefault)
        : base(name)
    {
        _bounds = (least, most, byDefault);
        Description = string.Create(CultureInfo.InvariantCulture, $"{description}, {least} to {most}. [default: {byDefault}]");
        HelpName = "N";
    }

    public int Read(ParseResult parsed) => parsed.GetValue(this) is { } text
        ? Numbers.ParseWhole(Name, text, _bounds.Least, _bounds.Most)
        : _bounds.ByDefault;
}

internal static class Keys
{
    public static NodeId ParseId(string name, string text) => NodeId.TryParse(text, out var id)
        ? id
        : throw CommandException.WrongUsage($"{name} is '{text}'; {NodeId.Length * 2} hexadecimal digits are needed.");

    public static RequestedKey Choose(string? key, string? digest) => (key, digest) switch
    {
        ({ } text, null) => new RequestedKey(NodeId.FromKey(text), text),
        (null, { } hex) => new RequestedKey(ParseId("--digest", hex), null),
        (null, null) => throw CommandException.WrongUsage("No key is given; KEY or --digest HEX is needed."),
        _ => throw CommandException.WrongUsage(
            $"Both the key '{key}' and --digest '{digest}' are given; one of them is needed."),
    };
}

/// <summary>KEY, or <c>--digest</c> in its place.</summary>
internal sealed class KeyArgument
{
    public Argument<string?> Key { get; } = new("KEY") { Description = "The key.", Arity = ArgumentArity.ZeroOrOne };

    public Option<string?> Digest { get; } = CommonOptions.Digest();

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(Key) is not null || parsed.GetValue(Digest) is not null;

    public RequestedKey Read(ParseResult parsed) => Keys.Choose(parsed.GetValue(Key), parsed.GetValue(Digest));
}
