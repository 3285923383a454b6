using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Hosting.Settings;

/// <summary>
/// The certificate that a silo or client presents, and those that it accepts: the section <c>Kad:Tls</c>. Either <see cref="Certificate"/>
/// and <see cref="Key"/> are set, or <see cref="Store"/>.
/// </summary>
internal sealed record KadTlsOptions
{
    /// <summary>The setting of <see cref="Certificate"/>.</summary>
    public const string CertificateSetting = "Kad:Tls:Certificate";

    /// <summary>The setting of <see cref="Key"/>.</summary>
    public const string KeySetting = "Kad:Tls:Key";

    /// <summary>The setting of <see cref="Authority"/>.</summary>
    public const string AuthoritySetting = "Kad:Tls:Authority";

    private const string NameSetting = "Kad:Tls:Name";
    private const string LocationSetting = "Kad:Tls:Store:Location";
    private const string StoreNameSetting = "Kad:Tls:Store:Name";
    private const string ClusterSetting = "Orleans:ClusterId";

    // The cluster's id if Orleans:ClusterId is missing.
    private const string DefaultCluster = "kad";

    private const int ThumbprintLength = 40;

    private static readonly string[] Names =
    [
        CertificateSetting, KeySetting, AuthoritySetting, NameSetting, LocationSetting, StoreNameSetting,
        StoreCertificate.SubjectSetting, StoreCertificate.ThumbprintSetting,
    ];

    // Each of them switches TLS on.
    private static readonly string[] Choices = [CertificateSetting, StoreCertificate.SubjectSetting, StoreCertificate.ThumbprintSetting];

    /// <summary>A PEM file: the certificate, then any intermediate certificates.</summary>
    public string? Certificate { get; init; }

    /// <summary>A PEM file with the private key, not encrypted.</summary>
    public string? Key { get; init; }

    /// <summary>The certificate in a store of the system, if it is not in a file.</summary>
    public StoreCertificate? Store { get; init; }

    /// <summary>
    /// A PEM file with the authorities that must have signed the others' certificates. Null: the system's trusted roots. Then clients'
    /// certificates must carry <see cref="Name"/>, too.
    /// </summary>
    public string? Authority { get; init; }

    /// <summary>The DNS name that each silo's certificate must carry. It need not resolve, as silos are reached by address.</summary>
    public required string Name { get; init; }

    /// <summary>The setting that chose the certificate.</summary>
    public string Setting => Store?.Setting ?? CertificateSetting;

    /// <summary>Its value.</summary>
    public string SettingValue => Store is null ? Certificate! : (Store.Subject ?? Store.Thumbprint)!;

    /// <summary>Reads the section. Null if it is empty: TLS is off. Does not read files or stores.</summary>
    /// <exception cref="OptionsValidationException">A setting is missing or wrong. The message names it.</exception>
    public static KadTlsOptions? Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var given = Names
            .Select(name => KeyValuePair.Create(name, configuration[name]?.Trim() ?? string.Empty))
            .Where(setting => setting.Value.Length > 0)
            .ToDictionary();
        if (given.Count == 0)
        {
            return null;
        }

        var chosen = Choices.Where(given.ContainsKey).ToList();
        if (chosen is [var one, var other, ..])
        {
            throw KadSection.Mistake($"{other} is '{given[other]}', but {one} is '{given[one]}'; one of {string.Join(", ", Choices)} is allowed.");
        }

        if (chosen.Count == 0)
        {
            var (name, value) = given.First();
            throw KadSection.Mistake($"{name} is '{value}', but there is no certificate to present: {CertificateSetting} with {KeySetting}, {Choices[1]} or {Choices[2]} is needed.");
        }

        var section = new KadSection(configuration);
        var location = section.Choice("Tls:Store:Location", StoreLocation.CurrentUser);
        section.ThrowIfWrong();
        var isFile = chosen[0] == CertificateSetting;
        return new KadTlsOptions
        {
            Certificate = given.GetValueOrDefault(CertificateSetting),
            Key = isFile ? RequireKey(given) : RefuseKey(given, chosen[0]),
            Store = isFile ? RefuseStore(given) : ReadStore(given, location),
            Authority = given.GetValueOrDefault(AuthoritySetting),
            Name = ReadName(given, configuration[ClusterSetting]),
        };
    }

    private static string RequireKey(Dictionary<string, string> given) => given.TryGetValue(KeySetting, out var key)
        ? key
        : throw KadSection.Mistake($"{KeySetting} is missing; {CertificateSetting} is '{given[CertificateSetting]}', and the PEM file of its private key is needed.");

    private static string? RefuseKey(Dictionary<string, string> given, string chosen) => given.TryGetValue(KeySetting, out var key)
        ? throw KadSection.Mistake($"{KeySetting} is '{key}', but {chosen} names a certificate in a store, which has its key; {CertificateSetting} is needed, or no {KeySetting}.")
        : null;

    private static StoreCertificate? RefuseStore(Dictionary<string, string> given)
    {
        foreach (var name in (ReadOnlySpan<string>)[LocationSetting, StoreNameSetting])
        {
            if (given.TryGetValue(name, out var value))
            {
                throw KadSection.Mistake($"{name} is '{value}', but {CertificateSetting} names a file; {StoreCertificate.SubjectSetting} or {StoreCertificate.ThumbprintSetting} is needed in its place.");
            }
        }

        return null;
    }

    private static StoreCertificate ReadStore(Dictionary<string, string> given, StoreLocation location)
    {
        var thumbprint = given.GetValueOrDefault(StoreCertificate.ThumbprintSetting);
        if (thumbprint is not null && (thumbprint.Length != ThumbprintLength || !thumbprint.All(char.IsAsciiHexDigit)))
        {
            throw KadSection.Mistake($"{StoreCertificate.ThumbprintSetting} is '{thumbprint}'; 40 hexadecimal digits are needed.");
        }

        return new StoreCertificate(
            location,
            given.GetValueOrDefault(StoreNameSetting, nameof(StoreName.My)),
            given.GetValueOrDefault(StoreCertificate.SubjectSetting),
            thumbprint);
    }

    private static string ReadName(Dictionary<string, string> given, string? cluster)
    {
        if (given.TryGetValue(NameSetting, out var name))
        {
            return IsName(name)
                ? name
                : throw KadSection.Mistake($"{NameSetting} is '{name}'; the DNS name is needed that silos' certificates carry, such as kad.");
        }

        cluster = string.IsNullOrWhiteSpace(cluster) ? DefaultCluster : cluster.Trim();
        return IsName(cluster)
            ? cluster
            : throw KadSection.Mistake($"{NameSetting} is missing, and {ClusterSetting}, its default, is '{cluster}', which no certificate carries; a DNS name is needed, such as kad.");
    }

    private static bool IsName(string text) => text.All(char.IsAscii) && Uri.CheckHostName(text) == UriHostNameType.Dns;
}

/// <summary>A certificate in one of the system's stores, with its private key.</summary>
/// <param name="Location">The store's location. Default of the setting: CurrentUser.</param>
/// <param name="Name">The store's name. Default of the setting: My.</param>
/// <param name="Subject">A part of its subject. Null to find it by its thumbprint.</param>
/// <param name="Thumbprint">Its SHA-1 digest, 40 hexadecimal digits. Null to find it by its subject.</param>
internal sealed record StoreCertificate(StoreLocation Location, string Name, string? Subject, string? Thumbprint)
{
    internal const string SubjectSetting = "Kad:Tls:Store:Subject";
    internal const string ThumbprintSetting = "Kad:Tls:Store:Thumbprint";

    /// <summary>The setting that chose it.</summary>
    public string Setting => Subject is null ? ThumbprintSetting : SubjectSetting;
}
