using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The settings of connections' encryption, and what is said of half of them.</summary>
public sealed class TlsSettingsTests
{
    private const string Certificate = "Kad:Tls:Certificate=/tls/tls.crt";
    private const string Key = "Kad:Tls:Key=/tls/tls.key";
    private const string Thumbprint = "Kad:Tls:Store:Thumbprint=0123456789abcdef0123456789abcdef01234567";

    [Fact]
    public void Without_settings_TLS_is_off()
    {
        Assert.Null(Read());
        Assert.Null(Read("Kad:Tls:Certificate= "));
    }

    [Fact]
    public void Files_are_taken_and_the_name_is_the_clusters_unless_given()
    {
        Assert.Equal(
            new KadTlsOptions { Certificate = "/tls/tls.crt", Key = "/tls/tls.key", Name = "kad" }, Read(Certificate, Key));
        Assert.Equal("dht", Read(Certificate, Key, "Orleans:ClusterId=dht")!.Name);
        Assert.Equal("silos.example.org", Read(Certificate, Key, "Orleans:ClusterId=dht", "Kad:Tls:Name=silos.example.org")!.Name);
    }

    [Fact]
    public void A_store_is_taken()
    {
        var store = Read("Kad:Tls:Store:Subject=kad-silo", "Kad:Tls:Store:Location=localMachine", "Kad:Tls:Authority=/tls/ca.crt")!;

        Assert.Equal(
            (new StoreCertificate { Location = System.Security.Cryptography.X509Certificates.StoreLocation.LocalMachine, Subject = "kad-silo" }, "/tls/ca.crt"),
            (store.Store!, store.Authority));
    }

    [Theory]
    [InlineData("Kad:Tls:Key is missing; Kad:Tls:Certificate is '/tls/tls.crt', and", Certificate)]
    [InlineData("Kad:Tls:Key is '/tls/tls.key', and one certificate is needed: ", Key)]
    [InlineData("Kad:Tls:Authority is '/tls/ca.crt', and one certificate is needed: ", "Kad:Tls:Authority=/tls/ca.crt")]
    [InlineData("Kad:Tls:Name is 'kad', and one certificate is needed: ", "Kad:Tls:Name=kad")]
    [InlineData("Kad:Tls:Certificat is not a setting; Kad:Tls:Certificate, Kad:Tls:Key, ", "Kad:Tls:Certificat=/tls/tls.crt")]
    [InlineData("Kad:Tls:Name is '10.0.0.4'; the DNS name is needed", Certificate, Key, "Kad:Tls:Name=10.0.0.4")]
    [InlineData("Kad:Tls:Name is missing, and Orleans:ClusterId, its default, is 'my cluster'; ", Certificate, Key, "Orleans:ClusterId=my cluster")]
    [InlineData("Kad:Tls:Store:Subject is 'kad', and one certificate is needed: ", Certificate, Key, "Kad:Tls:Store:Subject=kad")]
    [InlineData("Kad:Tls:Store:Location is 'CurrentUser', and one certificate is needed: ", Certificate, Key, "Kad:Tls:Store:Location=CurrentUser")]
    [InlineData("Kad:Tls:Key is '/tls/tls.key'; Kad:Tls:Store:Thumbprint names a certificate in a store", Thumbprint, Key)]
    [InlineData("Kad:Tls:Store:Location is '1'; CurrentUser, LocalMachine are allowed.", Thumbprint, "Kad:Tls:Store:Location=1")]
    [InlineData("Kad:Tls:Store:Thumbprint is '0123'; 40 hexadecimal digits are needed.", "Kad:Tls:Store:Thumbprint=0123")]
    public void Incomplete_settings_are_named_in_a_sentence(string sentence, params string[] settings)
    {
        var mistake = Assert.Throws<OptionsValidationException>(() => KadSettings.ReadSilo(Configuration(settings)));

        Assert.StartsWith(sentence, Assert.Single(mistake.Failures), StringComparison.Ordinal);
        Assert.EndsWith(".", mistake.Message, StringComparison.Ordinal);
    }

    private static KadTlsOptions? Read(params string[] settings) => KadSettings.ReadSilo(Configuration(settings)).Tls;

    private static IConfiguration Configuration(string[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).Select(pair => KeyValuePair.Create<string, string?>(pair[0], pair[1])))
        .Build();
}
