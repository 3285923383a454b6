using System.Text;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SiloPagesTests : FolderTests
{
    private static readonly string Credentials = Basic("me:secret");

    [Fact]
    public async Task Beyond_this_machine_the_dashboard_is_not_served_without_a_password()
    {
        await using var silo = await HostedSilo.StartAsync(Folder, "Kad:Http=0.0.0.0:0");

        foreach (var path in new[] { "/dashboard", "/dashboard/", "/dashboard/ClusterStats", "/status" })
        {
            using var answer = await silo.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        using var ready = await silo.GetAsync("/health/ready");
        using var body = JsonDocument.Parse(await ready.Content.ReadAsStringAsync());
        Assert.Equal("ready", body.RootElement.GetProperty("status").GetString());
        Assert.Contains("The dashboard and /status are not served", silo.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task The_dashboard_asks_for_the_password_and_no_page_is_shown_to_a_host_that_is_no_name_of_the_silo(string address)
    {
        await using var silo = await HostedSilo.StartAsync(
            Folder, $"Kad:Http={address}:0", "Kad:Http:Hosts=kad-dashboard,kad.example.org", "Kad:Dashboard:User=me", "Kad:Dashboard:Password=secret");
        var own = silo.Http.Authority;

        foreach (var path in new[] { "/dashboard/", "/DASHBOARD/", "/dashboard/index.html", "/dashboard/ClusterStats", "/status" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(silo, path, own, null));
            Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, path, own, Credentials));
        }

        string[] wrong =
        [
            Basic("me:secret2"), Basic("me:"), Basic("you:secret"), $"Bearer{Credentials[5..]}", string.Empty, "Basic", "Basic !!!", "me:secret",
        ];
        foreach (var credentials in wrong)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(silo, "/status", own, credentials));
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "/status", own, $"basic{Credentials[5..]}"));
        foreach (var path in (string[])["/dashboard/", "/dashboard/ClusterStats", "/dashboard/GrainState", "/status", "/health/live"])
        {
            Assert.Equal(HttpStatusCode.MisdirectedRequest, await AskAsync(silo, path, "evil.example.com", Credentials));
        }

        foreach (var host in (string[])["kad.example.org", "kad-dashboard:8080", "localhost", "192.0.2.7:8080", own])
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "/dashboard/ClusterStats", host, Credentials));
            Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "/health/live", host, null));
        }

        Assert.DoesNotContain("secret", silo.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dashboard_leads_to_the_console()
    {
        await using var silo = await HostedSilo.StartAsync(Folder, "Kad:Http=127.0.0.1:0");

        using var page = await silo.GetAsync("/dashboard/");

        Assert.Contains("<a href=\"../console/\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.EndsWith("</html>", (await page.Content.ReadAsStringAsync()).TrimEnd(), StringComparison.OrdinalIgnoreCase);
        using var console = await silo.GetAsync("/console/");
        Assert.Equal(HttpStatusCode.OK, console.StatusCode);
    }

    private static string Basic(string credentials) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}";

    private static async Task<HttpStatusCode> AskAsync(HostedSilo silo, string path, string host, string? credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Http, path));
        request.Headers.Host = host;
        if (credentials is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", credentials);
        }

        using var answer = await silo.SendAsync(request);
        Assert.Equal(answer.StatusCode == HttpStatusCode.Unauthorized, answer.Headers.WwwAuthenticate.Count > 0);
        return answer.StatusCode;
    }
}
