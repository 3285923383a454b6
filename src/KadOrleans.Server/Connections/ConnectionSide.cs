namespace KadOrleans.Server;

internal sealed record ConnectionSide(bool IsCaller, CertificateUse Other)
{
    // A silo or a client that calls a silo, and a silo on its port for silos, and for clients.
    public static readonly ConnectionSide Caller = new(true, CertificateUse.Silo);
    public static readonly ConnectionSide SiloPort = new(false, CertificateUse.Silo);
    public static readonly ConnectionSide Gateway = new(false, CertificateUse.Client);

    public string OtherName => IsCaller ? "A silo" : Other == CertificateUse.Silo ? "A caller of the port for silos" : "A client";
}

internal enum CertificateUse
{
    /// <summary>To be a silo, which both listens and calls other silos.</summary>
    Silo,

    /// <summary>To be a client of silos: an edge or any other.</summary>
    Client,
}
