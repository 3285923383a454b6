namespace KadOrleans.Hosting.Cluster.Connections;

/// <summary>Which side of which connection this process is.</summary>
/// <param name="IsCaller">Whether it opened the connection.</param>
/// <param name="Other">The role of the remote side.</param>
internal sealed record ConnectionSide(bool IsCaller, CertificateUse Other)
{
    /// <summary>A silo or a client that calls a silo.</summary>
    public static readonly ConnectionSide Caller = new(true, CertificateUse.Silo);

    /// <summary>A silo on its port for silos.</summary>
    public static readonly ConnectionSide SiloPort = new(false, CertificateUse.Silo);

    /// <summary>A silo on its port for clients.</summary>
    public static readonly ConnectionSide Gateway = new(false, CertificateUse.Client);

    /// <summary>The remote side's name in a sentence.</summary>
    public string OtherName => IsCaller ? "The silo at" : Other == CertificateUse.Silo ? "A caller of the port for silos at" : "A client at";
}

/// <summary>What a certificate is presented for.</summary>
internal enum CertificateUse
{
    /// <summary>To be a silo, which both listens and calls other silos.</summary>
    Silo,

    /// <summary>To be a client of silos: an edge or any other.</summary>
    Client,
}
