using System.Globalization;
using System.Net;
using KadOrleans.Hosting.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Hosting.Settings;

/// <summary>
/// Reads settings. A blank one counts as missing. Each mistake is one sentence with the setting, its value and what is allowed. Reading
/// then goes on with the default, and <see cref="ThrowIfWrong"/> reports all mistakes together.
/// </summary>
/// <param name="configuration">The configuration.</param>
/// <param name="root">The prefix of all names.</param>
internal sealed class KadSection(IConfiguration configuration, string root = KadSection.Root)
{
    /// <summary>The prefix of the project's settings.</summary>
    public const string Root = "Kad";

    private readonly List<string> _mistakes = [];

    /// <summary>Creates the exception for a mistake that ends the start of a process.</summary>
    /// <param name="sentence">The setting, its value unless that is a secret, and what is allowed.</param>
    public static OptionsValidationException Mistake(string sentence) => new(Root, typeof(KadSection), [sentence]);

    /// <summary>The setting's full name.</summary>
    public string Name(string key) => $"{root}:{key}";

    /// <summary>Notes a mistake.</summary>
    public void Add(string sentence) => _mistakes.Add(sentence);

    /// <summary>Notes that a setting's value is not allowed.</summary>
    public void Add(string key, string value, string allowed) => Add($"{Name(key)} is '{value}'; {allowed}.");

    /// <summary>Throws if there were mistakes.</summary>
    /// <exception cref="OptionsValidationException">There were mistakes.</exception>
    public void ThrowIfWrong()
    {
        if (_mistakes.Count > 0)
        {
            throw new OptionsValidationException(root, typeof(KadSection), _mistakes);
        }
    }

    /// <summary>The text of a setting; null if it is missing or blank.</summary>
    public string? Text(string key) => configuration[Name(key)]?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>A required setting. If it is missing, notes a mistake and returns an empty text.</summary>
    /// <param name="key">Its name below the root.</param>
    /// <param name="reason">What needs it.</param>
    public string Required(string key, string reason)
    {
        if (Text(key) is { } text)
        {
            return text;
        }

        Add($"{Name(key)} is missing; {reason} needs it.");
        return string.Empty;
    }

    /// <summary>A list: one comma-separated text, or one key for each entry.</summary>
    public IReadOnlyList<string> List(string key) =>
    [
        .. configuration.GetSection(Name(key)).GetChildren().Select(entry => entry.Value?.Trim()).OfType<string>(),
        .. (Text(key) ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
    ];

    /// <summary>A whole number.</summary>
    public int Integer(string key, int missing, int min, int max) => Read(
        key,
        missing,
        string.Create(CultureInfo.InvariantCulture, $"{min} to {max} is allowed"),
        (string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max);

    /// <summary>true or false.</summary>
    public bool Flag(string key, bool missing) => Read(key, missing, "true or false is allowed", bool.TryParse);

    /// <summary>A name of an enumeration's member, or an alias of one.</summary>
    public TChoice Choice<TChoice>(string key, TChoice missing, IReadOnlyDictionary<string, TChoice>? aliases = null)
        where TChoice : struct, Enum => Read(
        key,
        missing,
        $"{string.Join(", ", Enum.GetNames<TChoice>())} are allowed",
        (string text, out TChoice value) =>
            // Numbers are refused, though they parse.
            (aliases is not null && aliases.TryGetValue(text, out value))
            || (Enum.TryParse(text, ignoreCase: true, out value) && Enum.GetNames<TChoice>().Contains(text, StringComparer.OrdinalIgnoreCase)));

    /// <summary>An endpoint as IP:PORT, :PORT or PORT. Without an address it is on loopback.</summary>
    public IPEndPoint EndPoint(string key, IPEndPoint missing) => Read(
        key,
        missing,
        $"IP:PORT or PORT is needed, such as {missing} or {missing.Port}, with a port of 1 to 65535, or 0 for any free one",
        TryEndPoint);

    /// <summary>An IP address of one machine; null if the setting is missing.</summary>
    public IPAddress? HostAddress(string key) => Read<IPAddress?>(
        key,
        null,
        "the IP address is needed that others reach it at, such as 127.0.0.1 or 10.0.0.4",
        (string text, out IPAddress? value) =>
            IPAddress.TryParse(text, out value) && !value.Equals(IPAddress.Any) && !value.Equals(IPAddress.IPv6Any));

    /// <summary>Comma-separated host names; none if the setting is missing.</summary>
    public HostNames HostNames(string key) =>
        Read(key, Http.HostNames.None, $"{Http.HostNames.Needed}, several with commas", Http.HostNames.TryParse);

    /// <summary>An https:// address, to which credentials may be sent.</summary>
    /// <param name="key">Its name below the root.</param>
    /// <param name="reason">What needs it.</param>
    public Uri? Address(string key, string reason) => Required(key, reason).Length == 0 ? null : Read<Uri?>(
        key,
        null,
        "an address that begins with https:// is needed",
        (string text, out Uri? value) => Uri.TryCreate(text, UriKind.Absolute, out value) && value.Scheme == Uri.UriSchemeHttps);

    /// <summary>A setting with a parser.</summary>
    /// <param name="key">Its name below the root.</param>
    /// <param name="missing">The value of a missing one.</param>
    /// <param name="allowed">The end of the error's sentence: what is allowed.</param>
    /// <param name="parse">The parser.</param>
    public T Read<T>(string key, T missing, string allowed, Parser<T> parse)
    {
        if (Text(key) is not { } text)
        {
            return missing;
        }

        if (parse(text, out var value))
        {
            return value;
        }

        Add(key, text, allowed);
        return missing;
    }

    /// <summary>Reads a text as a value.</summary>
    public delegate bool Parser<T>(string text, out T value);

    /// <summary>Parses IP:PORT, :PORT or PORT. Without an address it is on loopback.</summary>
    public static bool TryEndPoint(string text, out IPEndPoint value)
    {
        var port = text.StartsWith(':') ? text[1..] : text;
        if (ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            value = new IPEndPoint(IPAddress.Loopback, number);
            return true;
        }

        // An address without a port would parse with port 0.
        var local = text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1{text["localhost".Length..]}" : text;
        return IPEndPoint.TryParse(local, out value!) && HasPort(local);
    }

    private static bool HasPort(string text) =>
        text.StartsWith('[') ? text.Contains("]:", StringComparison.Ordinal) : text.Count(c => c == ':') == 1;
}
