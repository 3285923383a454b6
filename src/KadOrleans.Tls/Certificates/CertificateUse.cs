namespace KadOrleans.Tls.Certificates;

/// <summary>What a certificate is presented for.</summary>
internal enum CertificateUse
{
    /// <summary>To be a silo, which both listens and calls other silos.</summary>
    Silo,

    /// <summary>To be a client of silos: an edge or any other.</summary>
    Client,
}
