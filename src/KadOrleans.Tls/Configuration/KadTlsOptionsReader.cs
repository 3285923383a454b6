using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tls.Configuration;

/// <summary>Reads the section <c>Kad:Tls</c>, which silos, edges and other clients have alike.</summary>
public static class KadTlsOptionsReader
{
    /// <summary>The section.</summary>
    public const string Section = "Kad:Tls";

    internal const string CertificateSetting = $"{Section}:Certificate";
    internal const string KeySetting = $"{Section}:Key";
    internal const string AuthoritySetting = $"{Section}:Authority";
    internal const string NameSetting = $"{Section}:Name";
    internal const string SubjectSetting = $"{Section}:Store:Subject";
    internal const string ThumbprintSetting = $"{Section}:Store:Thumbprint";

    private const string LocationSetting = $"{Section}:Store:Location";
    private const string StoreNameSetting = $"{Section}:Store:Name";
    private const string ClusterSetting = "Orleans:ClusterId";

    // Of silos and edges, if Orleans:ClusterId is missing.
    private const string DefaultCluster = "kad";

    private const int ThumbprintLength = 40;

    private static readonly string[] Names =
    [
        CertificateSetting, KeySetting, AuthoritySetting, NameSetting, LocationSetting, StoreNameSetting, SubjectSetting, ThumbprintSetting,
    ];

    // Each of them switches TLS on.
    private static readonly string[] Choices = [CertificateSetting, SubjectSetting, ThumbprintSetting];

    /// <summary>What the section says; null if it is empty: TLS is off. Files and stores are not looked at.</summary>
    /// <exception cref="OptionsValidationException">A setting is unknown, missing or wrong; the one sentence names it.</exception>
    public static KadTlsOptions? Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var given = RefuseUnknown(configuration);
        if (given.Count == 0)
        {
            return null;
        }

        var chosen = Choices.Where(given.ContainsKey).ToList();
        if (chosen is [var one, var other, ..])
        {
            throw Mistake($"{other} is '{given[other]}', but {one} is '{given[one]}'; one of {string.Join(", ", Choices)} is allowed.");
        }

        if (chosen.Count == 0)
        {
            var (name, value) = given.First();
            throw Mistake($"{name} is '{value}', but there is no certificate to present: {CertificateSetting} with {KeySetting}, {SubjectSetting} or {ThumbprintSetting} is needed.");
        }

        var isFile = chosen[0] == CertificateSetting;
        return new KadTlsOptions
        {
            Certificate = given.GetValueOrDefault(CertificateSetting),
            Key = isFile ? RequireKey(given) : RefuseKey(given, chosen[0]),
            Store = isFile ? RefuseStore(given) : ReadStore(given),
            Authority = given.GetValueOrDefault(AuthoritySetting),
            Name = ReadName(given, configuration[ClusterSetting]),
        };
    }

    /// <summary>A mistake, as it ends the start.</summary>
    internal static OptionsValidationException Mistake(string sentence) => new(Section, typeof(KadTlsOptions), [sentence]);

    private static Dictionary<string, string> RefuseUnknown(IConfiguration configuration)
    {
        var given = new Dictionary<string, string>();
        foreach (var (key, value) in configuration.GetSection(Section).AsEnumerable())
        {
            if (value is null)
            {
                continue;
            }

            var name = Names.FirstOrDefault(name => name.Equals(key, StringComparison.OrdinalIgnoreCase))
                ?? throw Mistake($"{key} is not a setting; {string.Join(", ", Names)} are.");
            if (value.Trim() is { Length: > 0 } text)
            {
                given[name] = text;
            }
        }

        return given;
    }

    private static string RequireKey(Dictionary<string, string> given) => given.TryGetValue(KeySetting, out var key)
        ? key
        : throw Mistake($"{KeySetting} is missing; {CertificateSetting} is '{given[CertificateSetting]}', and the PEM file of its private key is needed.");

    private static string? RefuseKey(Dictionary<string, string> given, string chosen) => given.TryGetValue(KeySetting, out var key)
        ? throw Mistake($"{KeySetting} is '{key}', but {chosen} names a certificate in a store, which has its key; {CertificateSetting} is needed, or no {KeySetting}.")
        : null;

    private static StoreCertificate? RefuseStore(Dictionary<string, string> given)
    {
        foreach (var name in (ReadOnlySpan<string>)[LocationSetting, StoreNameSetting])
        {
            if (given.TryGetValue(name, out var value))
            {
                throw Mistake($"{name} is '{value}', but {CertificateSetting} names a file; {SubjectSetting} or {ThumbprintSetting} is needed in its place.");
            }
        }

        return null;
    }

    private static StoreCertificate ReadStore(Dictionary<string, string> given)
    {
        var thumbprint = given.GetValueOrDefault(ThumbprintSetting);
        if (thumbprint is not null && (thumbprint.Length != ThumbprintLength || !thumbprint.All(char.IsAsciiHexDigit)))
        {
            throw Mistake($"{ThumbprintSetting} is '{thumbprint}'; 40 hexadecimal digits are needed.");
        }

        return new StoreCertificate(
            ReadLocation(given.GetValueOrDefault(LocationSetting)),
            given.GetValueOrDefault(StoreNameSetting, nameof(StoreName.My)),
            given.GetValueOrDefault(SubjectSetting),
            thumbprint);
    }

    private static StoreLocation ReadLocation(string? text)
    {
        if (text is null)
        {
            return StoreLocation.CurrentUser;
        }

        // Numbers are no choices, though they parse.
        var name = Array.Find(Enum.GetNames<StoreLocation>(), name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name is not null
            ? Enum.Parse<StoreLocation>(name)
            : throw Mistake($"{LocationSetting} is '{text}'; {string.Join(", ", Enum.GetNames<StoreLocation>())} are allowed.");
    }

    private static string ReadName(Dictionary<string, string> given, string? cluster)
    {
        if (given.TryGetValue(NameSetting, out var name))
        {
            return IsName(name)
                ? name
                : throw Mistake($"{NameSetting} is '{name}'; the DNS name is needed that silos' certificates carry, such as kad.");
        }

        cluster = string.IsNullOrWhiteSpace(cluster) ? DefaultCluster : cluster.Trim();
        return IsName(cluster)
            ? cluster
            : throw Mistake($"{NameSetting} is missing, and {ClusterSetting}, its default, is '{cluster}', which no certificate carries; a DNS name is needed, such as kad.");
    }

    private static bool IsName(string text) => text.All(char.IsAscii) && Uri.CheckHostName(text) == UriHostNameType.Dns;
}
