using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Http;

// The certificate that a silo or client presents, and those that it accepts: the section Kad:Tls. Either Certificate and Key are
// set, or Store.
internal sealed record KadTlsOptions
{
    public const string CertificateSetting = "Kad:Tls:Certificate";
    public const string KeySetting = "Kad:Tls:Key";
    public const string AuthoritySetting = "Kad:Tls:Authority";

    private const string Section = "Kad:Tls";
    private const string ClusterSetting = "Orleans:ClusterId";
    private const int ThumbprintLength = 40;

    /// <summary>A PEM file: the certificate, then any intermediate certificates.</summary>
    public string? Certificate { get; set; }

    /// <summary>A PEM file with the private key, not encrypted.</summary>
    public string? Key { get; set; }

    /// <summary>The certificate in a store of the system, if it is not in a file.</summary>
    public StoreCertificate? Store { get; set; }

    // A PEM file with the authorities that must have signed the others' certificates. Null: the system's trusted roots. Then
    // clients' certificates must carry Name, too.
    public string? Authority { get; set; }

    // The DNS name that each silo's certificate must carry, by default the cluster's id. It need not resolve, as silos are
    // reached by address.
    public string Name { get; set; } = string.Empty;

    public string Setting => Store?.Setting ?? CertificateSetting;

    public string SettingValue => Store is null ? Certificate! : (Store.Subject ?? Store.Thumbprint)!;

    /// <summary>Reads the section. Null if it is empty: TLS is off. Does not read files or stores.</summary>
    public static KadTlsOptions? Read(IConfiguration configuration)
    {
        var checks = new OptionChecks($"{KadSettings.Root}:", ':');
        var options = KadSettings.Bind<KadTlsOptions>(configuration, Section, checks);
        options?.Complete(configuration, checks);
        checks.ThrowIfWrong();
        return options;
    }

    /// <summary>Records what is wrong, and sets the default of <see cref="Name"/>.</summary>
    internal void Complete(IConfiguration configuration, OptionChecks checks)
    {
        var chosen = new[] { Certificate, Store?.Subject, Store?.Thumbprint }.Count(choice => choice is not null);
        if (chosen != 1 || (Certificate is not null && Store is not null))
        {
            var given = KadSettings.Given(configuration, Section).MaxBy(setting => setting.Key, StringComparer.Ordinal);
            checks.Problems.Add($"{given.Key} is '{given.Value}', and one certificate is needed: {CertificateSetting} with {KeySetting}, or {StoreCertificate.SubjectSetting}, or {StoreCertificate.ThumbprintSetting}.");
        }
        else if (Certificate is not null && Key is null)
        {
            checks.Problems.Add($"{KeySetting} is missing; {CertificateSetting} is '{Certificate}', and the PEM file of its private key is needed.");
        }
        else if (Certificate is null && Key is not null)
        {
            checks.Add("Tls:Key", Key, $"{Setting} names a certificate in a store, which has its key, so none is allowed");
        }

        if (Store?.Thumbprint is { } thumbprint && (thumbprint.Length != ThumbprintLength || !thumbprint.All(char.IsAsciiHexDigit)))
        {
            checks.Add("Tls:Store:Thumbprint", thumbprint, $"{ThumbprintLength} hexadecimal digits are needed");
        }

        CompleteName(configuration[ClusterSetting], checks);
    }

    private void CompleteName(string? cluster, OptionChecks checks)
    {
        var setting = Name.Length > 0 ? "Kad:Tls:Name" : $"Kad:Tls:Name is missing, and {ClusterSetting}, its default,";
        Name = Name.Length > 0 ? Name : string.IsNullOrWhiteSpace(cluster) ? "kad" : cluster.Trim();
        if (!Name.All(char.IsAscii) || Uri.CheckHostName(Name) != UriHostNameType.Dns)
        {
            checks.Problems.Add($"{setting} is '{Name}'; the DNS name is needed that silos' certificates carry, such as kad.");
        }
    }
}

/// <summary>A certificate in one of the system's stores, with its private key: one by its subject or by its thumbprint.</summary>
internal sealed record StoreCertificate
{
    public const string SubjectSetting = "Kad:Tls:Store:Subject";
    public const string ThumbprintSetting = "Kad:Tls:Store:Thumbprint";

    public StoreLocation Location { get; set; } = StoreLocation.CurrentUser;

    public string Name { get; set; } = nameof(StoreName.My);

    /// <summary>A part of its subject.</summary>
    public string? Subject { get; set; }

    /// <summary>Its SHA-1 digest, 40 hexadecimal digits.</summary>
    public string? Thumbprint { get; set; }

    public string Setting => Subject is null ? ThumbprintSetting : SubjectSetting;
}
