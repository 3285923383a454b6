using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KadOrleans.Tests.Cli;
using KadOrleans.Tests.Node;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tests.Http;

/// <summary>HTTPS over real sockets, with certificates of an authority of the tests' own.</summary>
public sealed class HttpsTests : IDisposable
{
    private static readonly (string Secret, ApiToken Token) Operator = ApiToken.Create("operator", ApiScope.All);

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly CertificateFiles _files;
    private readonly RecordingLog _log = new();

    public HttpsTests()
    {
        _files = new CertificateFiles(_folder["certificate"]);
        Issue("first");
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task It_is_served_by_HTTP_1_and_2_and_not_in_the_clear(string version)
    {
        await using var server = await StartAsync();
        using var http = Client(server);
        http.DefaultRequestVersion = Version.Parse(version);
        http.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Operator.Secret);

        using var response = await http.GetAsync(new Uri("/v1/status", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (response.StatusCode, response.Version));
        using var plain = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Address.Port}") };
        await Assert.ThrowsAsync<HttpRequestException>(
            () => plain.GetAsync(new Uri("/health/live", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task No_warning_of_clear_text_is_logged_where_other_machines_reach_it()
    {
        await using var server = await StartAsync(new IPEndPoint(IPAddress.Any, 0));

        Assert.DoesNotContain(_log.Events, one => one.Id == 8135);
    }

    [Fact]
    public async Task The_cookie_of_a_session_is_for_HTTPS_and_this_host_alone()
    {
        await using var server = await StartAsync();
        using var http = Client(server);
        using var login = new StringContent($$"""{"token":"{{Operator.Secret}}"}""", Encoding.UTF8, "application/json");

        using var response = await http.PostAsync(new Uri("/console/session", UriKind.Relative), login, TestContext.Current.CancellationToken);

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith($"__Host-kad-console-{server.Address.Port}=", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_renewed_certificate_is_presented_to_new_connections_and_a_broken_one_is_not()
    {
        await using var server = await StartAsync();
        Assert.Equal("CN=first", await PresentedAsync(server));

        Issue("second");
        Assert.Equal("CN=second", await PresentedAsync(server));
        Assert.Single(_log.Events, one => one.Id == 8136);

        await File.WriteAllTextAsync(_files.Key, "nothing", TestContext.Current.CancellationToken);
        Assert.Equal("CN=second", await PresentedAsync(server));
        Assert.Equal("CN=second", await PresentedAsync(server));
        Assert.Single(_log.Events, one => one.Id == 8137);
    }

    [Fact]
    public async Task A_command_asks_by_HTTPS_and_trusts_the_authorities_of_a_file()
    {
        await using var server = await StartAsync();
        var token = _folder["token"];
        await File.WriteAllTextAsync(token, Operator.Secret, TestContext.Current.CancellationToken);
        var url = $"https://127.0.0.1:{server.Address.Port}";

        Assert.Contains("\"nodes\"", (
            await KadRun.DoneAsync("admin", "status", "--json", "--url", url, "--token-file", token, "--ca-file", _files.Authority)).Output,
            StringComparison.Ordinal);
        await KadRun.RefusedAsync(
            $"--url is '{url}/', whose certificate is not accepted (", "admin", "status", "--url", url, "--token-file", token);
        await KadRun.RefusedAsync(
            $"--url is 'https://localhost:{server.Address.Port}/', whose certificate is not accepted (",
            "admin", "status", "--url", $"https://localhost:{server.Address.Port}", "--token-file", token, "--ca-file", _files.Authority);
        await KadRun.RefusedAsync(
            $"--ca-file is '{token}', which has no certificate; ", "admin", "status", "--url", url, "--token-file", token, "--ca-file", token);
    }

    [Fact]
    public void A_PKCS12_file_and_an_encrypted_key_need_their_password()
    {
        using var certificate = _authority.Issue("packed", "127.0.0.1");
        var packed = _folder["packed.pfx"];
        File.WriteAllBytes(packed, certificate.Export(X509ContentType.Pkcs12, "hush"));
        File.WriteAllText(_files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(_files.Key, certificate.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem(
            "hush", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1)));

        Assert.Equal("CN=packed", Read(packed, null, "hush").Certificate.Subject);
        Assert.Equal("CN=packed", Read(_files.Certificate, _files.Key, "hush").Certificate.Subject);
        AssertRefused(
            $"Kestrel:Certificates:Default:Path is '{packed}', which Kestrel:Certificates:Default:Password does not open; ", packed, null, "loud");
        AssertRefused(
            $"Kestrel:Certificates:Default:Password does not open the private key in '{_files.Key}', of '{_files.Certificate}'; ",
            _files.Certificate, _files.Key, "loud");
        AssertRefused(
            $"Kestrel:Certificates:Default:KeyPath is '{_files.Key}', whose private key is encrypted; ", _files.Certificate, _files.Key);
    }

    [Fact]
    public void A_certificate_that_others_would_refuse_is_named()
    {
        var refused = $"Kestrel:Certificates:Default:Path is '{_files.Certificate}', and others will refuse its certificate ";
        Issue("ended", days: -1);
        AssertRefused($"{refused}'CN=ended': it expired at ", _files.Certificate, _files.Key);
        Issue("later", days: 500);
        AssertRefused($"{refused}'CN=later': it is not valid before ", _files.Certificate, _files.Key);
        Issue("client", uses: [TestAuthority.Client]);
        AssertRefused($"{refused}'CN=client': its uses do not include server authentication.", _files.Certificate, _files.Key);
    }

    [Fact]
    public void A_file_that_is_missing_or_another_one_is_named()
    {
        AssertRefused("Kestrel:Certificates:Default:Path is 'away.crt', which cannot be read (", "away.crt", _files.Key);
        AssertRefused("Kestrel:Certificates:Default:KeyPath is 'away.key', which cannot be read (", _files.Certificate, "away.key");
        AssertRefused($"Kestrel:Certificates:Default:KeyPath is missing; the PEM file with the private key of '{_files.Certificate}' is needed.", _files.Certificate);
        using var other = _authority.Issue("other", "127.0.0.1");
        _files.WriteKey(other);
        AssertRefused(
            $"Kestrel:Certificates:Default:KeyPath is '{_files.Key}', which does not have the private key of '{_files.Certificate}'; ", _files.Certificate, _files.Key);
    }

    [Theory]
    [InlineData(null, null, "--http is 'https://x', and Kestrel:Certificates:Default:Path is missing; ")]
    [InlineData(
        "Kestrel:Endpoints:Https:Url", "https://*:443", "Kestrel:Endpoints:Https:Url is not a setting; --http is 'https://x', and of Kestrel ")]
    [InlineData("Kestrel:Certificates:Default:Subject", "kad", "Kestrel:Certificates:Default:Subject is not a setting; ")]
    public void Settings_of_the_web_server_that_are_not_read_are_named(string? name, string? value, string sentence)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(name is null ? [] : [KeyValuePair.Create(name, value)]).Build();

        AssertMistake(sentence, () => HttpCertificateOptions.Read(configuration, "--http is 'https://x'"));
    }

    private void Issue(string subject, int days = 30, string[]? uses = null)
    {
        using var certificate = _authority.Issue(subject, "127.0.0.1", uses, days);
        _files.Write(certificate, _authority);
    }

    private Task<StatusServer> StartAsync(IPEndPoint? address = null) => StatusServer.StartAsync(
        new HttpPlace(
            address ?? new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host",
            Certificate: new HttpCertificateOptions(_files.Certificate, _files.Key, Password: null)),
        () => new Health(Health.Ready),
        pages =>
        {
            pages.MapDhtApi();
            pages.MapKadConsole();
        },
        services => services.AddSingleton<IDht>(new FakeDht()).AddSingleton(new FakeAdmin().Api).AddDhtApi(new ApiTokens(Operator.Token))
            .AddKadConsole(new ConsoleSubject(IsCluster: false, "memory")),
        _log,
        TestContext.Current.CancellationToken);

    private HttpClient Client(StatusServer server)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority.Certificate);
        return new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } })
        {
            BaseAddress = new Uri($"https://127.0.0.1:{server.Address.Port}"),
        };
    }

    private static async Task<string> PresentedAsync(StatusServer server)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1",
                EnabledSslProtocols = SslProtocols.None,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
            },
            TestContext.Current.CancellationToken);
        return tls.RemoteCertificate!.Subject;
    }

    private static PresentedCertificate Read(string path, string? key, string? password) =>
        new HttpCertificateReader(new HttpCertificateOptions(path, key, password), TimeProvider.System).Read();

    private static void AssertRefused(string sentence, string path, string? key = null, string? password = null) =>
        AssertMistake(sentence, () => Read(path, key, password));

    private static void AssertMistake(string sentence, Func<object> read)
    {
        var mistake = Assert.Throws<OptionsValidationException>(read);
        Assert.StartsWith(sentence, Assert.Single(mistake.Failures), StringComparison.Ordinal);
        Assert.DoesNotContain("hush", mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("loud", mistake.Message, StringComparison.Ordinal);
    }
}
