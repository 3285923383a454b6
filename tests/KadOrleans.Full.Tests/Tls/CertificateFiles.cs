using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Full.Tests;

/// <summary>A folder with tls.crt, tls.key and ca.crt, as Kubernetes mounts a Secret.</summary>
internal sealed class CertificateFiles
{
    public CertificateFiles(string folder)
    {
        Folder = Directory.CreateDirectory(folder).FullName;
    }

    public string Folder { get; }

    public string Certificate => Path.Combine(Folder, "tls.crt");

    public string Key => Path.Combine(Folder, "tls.key");

    public string Authority => Path.Combine(Folder, "ca.crt");

    /// <summary>The settings of whoever uses them.</summary>
    public string[] Settings => [$"Kad:Tls:Certificate={Certificate}", $"Kad:Tls:Key={Key}", $"Kad:Tls:Authority={Authority}"];

    /// <summary>Writes all three.</summary>
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
