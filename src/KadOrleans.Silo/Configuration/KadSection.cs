using System.Globalization;
using System.Net;
using KadOrleans.Hosting.Http;

namespace KadOrleans.Silo.Configuration;

/// <summary>Reads the settings under <c>Kad</c>; each mistake ends in a sentence with the setting, its value and what is allowed.</summary>
internal sealed class KadSection(IConfiguration configuration)
{
    private const string Root = "Kad";

    /// <summary>The text of a setting; null if it is missing, empty or blank.</summary>
    public string? Text(string key) => configuration[Name(key)]?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>A setting that must be there.</summary>
    /// <param name="key">Its name below the section.</param>
    /// <param name="reason">What needs it.</param>
    public string Required(string key, string reason) =>
        Text(key) ?? throw new ConfigurationMistakeException($"{Name(key)} is missing; {reason} needs it.");

    public int Integer(string key, int missing, int min, int max)
    {
        var text = Text(key);
        if (text is null)
        {
            return missing;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Wrong(key, text, string.Create(CultureInfo.InvariantCulture, $"{min} to {max} is allowed"));
    }

    public bool Flag(string key, bool missing) => Text(key) switch
    {
        null => missing,
        var text when bool.TryParse(text, out var value) => value,
        var text => throw Wrong(key, text, "true or false is allowed"),
    };

    public TChoice Choice<TChoice>(string key, TChoice missing)
        where TChoice : struct, Enum
    {
        var text = Text(key);
        if (text is null)
        {
            return missing;
        }

        // Numbers are no choices, though they parse.
        var name = Array.Find(Enum.GetNames<TChoice>(), n => n.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name is not null
            ? Enum.Parse<TChoice>(name)
            : throw Wrong(key, text, $"{string.Join(", ", Enum.GetNames<TChoice>())} are allowed");
    }

    public IPEndPoint EndPoint(string key, IPEndPoint missing)
    {
        var text = Text(key);
        if (text is null)
        {
            return missing;
        }

        // Without a colon before the port, an address alone would parse as port 0.
        var local = text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1{text["localhost".Length..]}" : text;
        return local.LastIndexOf(':') > local.LastIndexOf(']') && IPEndPoint.TryParse(local, out var value) && HasPort(local)
            ? value
            : throw Wrong(key, text, "IP:PORT is needed, such as 127.0.0.1:8080, with port 0 for any free one");
    }

    /// <summary>An IP address of one machine; null where the setting is missing.</summary>
    public IPAddress? HostAddress(string key)
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }

        return IPAddress.TryParse(text, out var value) && !value.Equals(IPAddress.Any) && !value.Equals(IPAddress.IPv6Any)
            ? value
            : throw Wrong(key, text, "the IP address is needed that others reach it at, such as 127.0.0.1 or 10.0.0.4");
    }

    /// <summary>Host names, several with commas; none where the setting is missing.</summary>
    public HostNames HostNames(string key) => Text(key) switch
    {
        null => KadOrleans.Hosting.Http.HostNames.None,
        var text when KadOrleans.Hosting.Http.HostNames.TryParse(text, out var hosts) => hosts,
        var text => throw Wrong(key, text, $"{KadOrleans.Hosting.Http.HostNames.Needed}, several with commas"),
    };

    /// <summary>An address that a credential may be sent to, and so an https:// one.</summary>
    public Uri Address(string key, string reason)
    {
        var text = Required(key, reason);
        return Uri.TryCreate(text, UriKind.Absolute, out var value) && value.Scheme == Uri.UriSchemeHttps
            ? value
            : throw Wrong(key, text, "an address that begins with https:// is needed");
    }

    /// <summary>Refuses settings that nobody reads: a typing mistake must not pass for a default.</summary>
    /// <param name="known">Full names below the section; one that ends in <c>:*</c> has another reader.</param>
    /// <exception cref="ConfigurationMistakeException">There is one.</exception>
    public void RefuseUnknown(IReadOnlyList<string> known)
    {
        foreach (var (name, value) in configuration.GetSection(Root).AsEnumerable(makePathsRelative: true))
        {
            if (name.Length > 0 && value is not null && !known.Any(k => Matches(name, k)))
            {
                throw new ConfigurationMistakeException($"{Name(name)} is not a setting; {Beside(name, known)} are.");
            }
        }
    }

    // The settings of the same section, or the sections.
    private static string Beside(string name, IReadOnlyList<string> known)
    {
        var section = name[..(name.LastIndexOf(':') + 1)];
        var here = known.Where(k => k.StartsWith(section, StringComparison.OrdinalIgnoreCase)).ToList();
        if (section.Length == 0 || here.Count == 0)
        {
            here = [.. known.Select(k => k.Split(':') is { Length: > 1 } parts ? $"{parts[0]}:*" : k).Distinct()];
        }

        return string.Join(", ", here.Select(Name));
    }

    private static bool Matches(string name, string known) => known.EndsWith(":*", StringComparison.Ordinal)
        ? name.StartsWith(known[..^1], StringComparison.OrdinalIgnoreCase)
        : name.Equals(known, StringComparison.OrdinalIgnoreCase);

    private static bool HasPort(string text) =>
        text.StartsWith('[') ? text.Contains("]:", StringComparison.Ordinal) : text.Count(c => c == ':') == 1;

    private static string Name(string key) => $"{Root}:{key}";

    private static ConfigurationMistakeException Wrong(string key, string value, string allowed) =>
        new($"{Name(key)} is '{value}'; {allowed}.");
}
