using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Tls.Configuration;

/// <summary>A certificate in one of the system's stores, with its private key.</summary>
/// <param name="Location">Whose store. Default of the setting: CurrentUser.</param>
/// <param name="Name">The store. Default of the setting: My.</param>
/// <param name="Subject">What its subject contains; null if it is found by its thumbprint.</param>
/// <param name="Thumbprint">Its SHA-1 digest, 40 hexadecimal digits; null if it is found by its subject.</param>
public sealed record StoreCertificate(StoreLocation Location, string Name, string? Subject, string? Thumbprint)
{
    /// <summary>The setting that chose it.</summary>
    internal string Setting => Subject is null ? KadTlsOptionsReader.ThumbprintSetting : KadTlsOptionsReader.SubjectSetting;
}
