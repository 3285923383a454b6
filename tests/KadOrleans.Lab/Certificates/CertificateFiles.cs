using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Lab;

/// <summary>A folder with tls.crt, tls.key and ca.crt, as Kubernetes mounts a Secret.</summary>
public sealed class CertificateFiles(string folder)
{
    private readonly string _folder = Directory.CreateDirectory(folder).FullName;

    public string Certificate => Path.Combine(_folder, "tls.crt");

    public string Key => Path.Combine(_folder, "tls.key");

    public string Authority => Path.Combine(_folder, "ca.crt");

    public string[] Settings => [$"Kad:Tls:Certificate={Certificate}", $"Kad:Tls:Key={Key}", $"Kad:Tls:Authority={Authority}"];

    internal KadTlsOptions Options => new() { Certificate = Certificate, Key = Key, Authority = Authority, Name = "kad" };

    public CertificateFiles Write(X509Certificate2 certificate, params TestAuthority[] authorities)
    {
        WriteKey(certificate);
        WriteCertificate(certificate);
        File.WriteAllLines(Authority, authorities.Select(authority => authority.Pem));
        return this;
    }

    public void WriteCertificate(X509Certificate2 certificate) => File.WriteAllText(Certificate, certificate.ExportCertificatePem());

    public void WriteKey(X509Certificate2 certificate) => File.WriteAllText(Key, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
}
