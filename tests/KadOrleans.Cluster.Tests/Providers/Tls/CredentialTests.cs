using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Cluster.Tests.Providers;

public sealed class CredentialTests : FolderTests
{
    private readonly TestAuthority _authority = new();
    private readonly CertificateFiles _files;

    public CredentialTests()
    {
        _files = new CertificateFiles(Folder);
        Write(_authority, "silo", "kad");
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        foreach (var (file, setting) in new[] { (_files.Certificate, "Certificate"), (_files.Key, "Key"), (_files.Authority, "Authority") })
        {
            File.Move(file, $"{file}.away");
            AssertRefused($"Kad:Tls:{setting} is '{file}', which cannot be read (", _files.Options);
            File.Move($"{file}.away", file);
        }
    }

    [Fact]
    public void A_file_without_what_it_should_have_is_named()
    {
        File.WriteAllText(_files.Authority, "nothing");
        AssertRefused($"Kad:Tls:Authority is '{_files.Authority}', which has no certificate; ", _files.Options);
        using var other = _authority.Issue("other", "kad");
        using var rsa = RSA.Create(2048);
        _files.WriteKey(other);
        foreach (var key in new[] { File.ReadAllText(_files.Key), rsa.ExportPkcs8PrivateKeyPem(), "nothing" })
        {
            File.WriteAllText(_files.Key, key);
            AssertRefused(
                $"Kad:Tls:Key is '{_files.Key}', which does not have the private key of Kad:Tls:Certificate, '{_files.Certificate}'; ", _files.Options);
        }

        File.WriteAllText(_files.Key, rsa.ExportEncryptedPkcs8PrivateKeyPem("hush", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1)));
        AssertRefused($"Kad:Tls:Key is '{_files.Key}', whose private key is encrypted; one without a password is needed.", _files.Options);
        File.WriteAllText(_files.Certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        AssertRefused($"Kad:Tls:Certificate is '{_files.Certificate}', which cannot be read (", _files.Options);
    }

    [Fact]
    public void A_certificate_that_others_would_refuse_is_named()
    {
        var refused = $"Kad:Tls:Certificate is '{_files.Certificate}', and others will refuse its certificate ";
        Write(_authority, "ended", "kad", days: -1);
        AssertRefused($"{refused}'CN=ended': it expired at ", _files.Options);
        using var foreign = new TestAuthority("another");
        Write(foreign, "strange", "kad");
        AssertRefused($"{refused}'CN=strange': no authority of Kad:Tls:Authority vouches for it", _files.Options);
        AssertRefused(
            $"{refused}'CN=strange': no authority that the system trusts vouches for it (",
            new KadTlsOptions { Certificate = _files.Certificate, Key = _files.Key, Name = "kad" });
        Write(_authority, "edge", "kad-edge");
        AssertRefused($"{refused}'CN=edge': it carries the DNS names 'kad-edge', and not 'kad'", _files.Options);
        Assert.Equal("CN=edge", Reader(CertificateUse.Client).Read().Certificate.Subject);
    }

    [Fact]
    public void Intermediate_certificates_are_sent()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=in between", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var signed = request.Create(_authority.Certificate, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(9), [1]);
        using var between = signed.CopyWithPrivateKey(key);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256)
            .Create(between, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(8), [2]);
        File.WriteAllLines(_files.Certificate, [leaf.ExportCertificatePem(), between.ExportCertificatePem()]);
        File.WriteAllText(_files.Key, leafKey.ExportPkcs8PrivateKeyPem());

        Assert.Equal("CN=in between", Assert.Single(Reader(CertificateUse.Client).Read().Context.IntermediateCertificates).Subject);
    }

    [Fact]
    public void A_certificate_of_a_store_is_found_by_its_subject_and_by_its_thumbprint()
    {
        AssertRefused(
            "Kad:Tls:Store:Subject is 'kad-silo', but the store CurrentUser/KadOrleansNone ",
            new KadTlsOptions { Store = new StoreCertificate { Name = "KadOrleansNone", Subject = "kad-silo" }, Name = "kad" });
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a store of the user cannot be made for a test.");
        using var made = _authority.Issue("kad-silo-in-a-store", "kad");
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.PersistKeySet);
        using var store = new X509Store("KadOrleansTests", StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadWrite);
        store.Add(certificate);
        try
        {
            foreach (var (subject, thumbprint) in new (string?, string?)[] { ("kad-silo-in-a-store", null), (null, certificate.Thumbprint) })
            {
                var place = new StoreCertificate { Name = store.Name!, Subject = subject, Thumbprint = thumbprint };
                var reader = new CredentialReader(
                    new KadTlsOptions { Store = place, Authority = _files.Authority, Name = "kad" }, CertificateUse.Silo, TimeProvider.System);
                var found = reader.Read();
                Assert.Equal((certificate.Thumbprint, true), (found.Certificate.Thumbprint, found.Certificate.HasPrivateKey));
                Assert.Same(found, reader.Read(found));
            }
        }
        finally
        {
            store.Remove(certificate);
        }
    }

    [Fact]
    public void A_renewed_certificate_is_used_only_with_its_key()
    {
        var reader = Reader(CertificateUse.Silo);
        var first = reader.Read();
        var renewed = new RenewedCredentials(reader, first, TimeProvider.System, NullLogger<RenewedCredentials>.Instance);
        Assert.Same(first, renewed.Get());

        using var next = _authority.Issue("next", "kad");
        _files.WriteCertificate(next);
        Assert.Same(first, renewed.Get());
        _files.WriteKey(next);
        Assert.Equal("CN=next", renewed.Get().Certificate.Subject);
        Assert.Same(renewed.Get(), renewed.Get());

        Write(_authority, "ended", "kad", days: -1);
        Assert.Equal("CN=next", renewed.Get().Certificate.Subject);
        File.Delete(_files.Key);
        Assert.Equal("CN=next", renewed.Get().Certificate.Subject);
    }

    private CredentialReader Reader(CertificateUse use) => new(_files.Options, use, TimeProvider.System);

    private void Write(TestAuthority authority, string subject, string name, int days = 30)
    {
        using var certificate = authority.Issue(subject, name, days: days);
        _files.Write(certificate, _authority);
    }

    private static void AssertRefused(string sentence, KadTlsOptions options)
    {
        var mistake = Assert.Throws<OptionsValidationException>(() => new CredentialReader(options, CertificateUse.Silo, TimeProvider.System).Read());
        Assert.StartsWith(sentence, Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }
}
