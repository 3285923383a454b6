namespace KadOrleans.Tls.Configuration;

/// <summary>Which certificate a silo or a client presents, and which it accepts. Either <see cref="Certificate"/> and <see cref="Key"/> are given, or <see cref="Store"/>.</summary>
public sealed record KadTlsOptions
{
    /// <summary>A PEM file: the certificate, then those between it and its authority, if there are some.</summary>
    public string? Certificate { get; init; }

    /// <summary>A PEM file with the private key, not encrypted.</summary>
    public string? Key { get; init; }

    /// <summary>Where the certificate is if it is in no file.</summary>
    public StoreCertificate? Store { get; init; }

    /// <summary>
    /// A PEM file with the certificates of the authorities that others' certificates must come from. Null: the roots that the
    /// system trusts; then the certificates of clients must carry <see cref="Name"/>, too.
    /// </summary>
    public string? Authority { get; init; }

    /// <summary>The DNS name that each silo's certificate must carry. Silos are reached by address, so it need not be one that resolves.</summary>
    public required string Name { get; init; }
}
