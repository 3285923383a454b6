using KadOrleans.Tls.Certificates;

namespace KadOrleans.Tls.Connections;

/// <summary>Which side of which connection this process is.</summary>
/// <param name="IsCaller">Whether it opened the connection.</param>
/// <param name="Other">What the other side claims to be.</param>
internal sealed record ConnectionSide(bool IsCaller, CertificateUse Other)
{
    /// <summary>A silo or a client that calls a silo.</summary>
    public static readonly ConnectionSide Caller = new(true, CertificateUse.Silo);

    /// <summary>A silo on its port for silos.</summary>
    public static readonly ConnectionSide SiloPort = new(false, CertificateUse.Silo);

    /// <summary>A silo on its port for clients.</summary>
    public static readonly ConnectionSide Gateway = new(false, CertificateUse.Client);

    /// <summary>What the other side is called in a sentence.</summary>
    public string OtherName => IsCaller ? "The silo at" : Other == CertificateUse.Silo ? "A caller of the port for silos at" : "A client at";
}
