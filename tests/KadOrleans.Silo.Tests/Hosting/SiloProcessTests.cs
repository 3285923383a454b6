using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Silo.Tests.Hosting;

/// <summary>The executable as a user runs it: one command, a whole cluster.</summary>
public sealed class SiloProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-silo-").FullName;

    [Fact]
    public async Task One_process_serves_health_status_and_dashboard_and_stops_in_order()
    {
        await using var silo = await SiloProcess.StartedAsync(_folder);

        Assert.Equal("live", await WordAsync(silo, "/health/live"));
        Assert.Equal("ready", await WordAsync(silo, "/health/ready"));
        using var dashboard = await silo.GetAsync("/dashboard");
        Assert.Equal(HttpStatusCode.OK, dashboard.StatusCode);
        Assert.Contains("<html", await dashboard.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        var status = await silo.StatusAsync();
        Assert.Equal("kad", status.GetProperty("clusterId").GetString());
        Assert.Equal("ready", status.GetProperty("state").GetString());
        Assert.Equal("Active", Assert.Single(status.GetProperty("silos").EnumerateArray()).GetProperty("state").GetString());
        Assert.Equal(7, status.GetProperty("settings").GetProperty("shardBits").GetInt32());

        Assert.Equal(0, await silo.TerminateAsync());

        // Orleans' dashboard may ask the silo for its figures once more while that stops.
        Assert.DoesNotContain(
            silo.Errors.Split('\n'),
            line => line.Contains(" error ", StringComparison.Ordinal)
                && !line.Contains("IManagementGrain.GetRuntimeStatistics", StringComparison.Ordinal));
        Assert.Equal(["kad-grains.db"], Directory.EnumerateFiles(Path.Combine(_folder, "kad-cluster-data")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_edge_in_the_process_says_where_it_listens_and_keeps_its_id_over_a_restart()
    {
        string first;
        await using (var silo = SiloProcess.Start(_folder))
        {
            first = await silo.LineAsync("listening udp 127.0.0.1:");
            Assert.Equal(0, await silo.TerminateAsync());
        }

        await using var again = SiloProcess.Start(_folder);
        var second = await again.LineAsync("listening udp 127.0.0.1:");

        Assert.Equal(first.Split(" id ")[1], second.Split(" id ")[1]);
    }

    [Fact]
    public async Task A_restart_finds_the_settings_that_the_cluster_was_created_with_and_another_value_is_refused()
    {
        await using (var first = await SiloProcess.StartedAsync(_folder, "Kad:Cluster:ShardBits=5"))
        {
            Assert.Equal(0, await first.TerminateAsync());
        }

        await using (var other = SiloProcess.Start(_folder, "Kad:Cluster:ShardBits=6"))
        {
            Assert.Equal(2, await other.ExitAsync());
            var lines = other.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Single(lines, line => line.Contains(" error ", StringComparison.Ordinal));
            var sentence = lines[^1];
            Assert.StartsWith("kad-silo: Kad:Cluster:", sentence, StringComparison.Ordinal);
            Assert.Contains("ShardBits", sentence, StringComparison.Ordinal);
            Assert.Contains("5", sentence, StringComparison.Ordinal);
            Assert.Contains("6", sentence, StringComparison.Ordinal);
        }

        await using var again = await SiloProcess.StartedAsync(_folder, "Kad:Cluster:ShardBits=5");
        Assert.Equal(5, (await again.StatusAsync()).GetProperty("settings").GetProperty("shardBits").GetInt32());
    }

    [Fact]
    public async Task Beyond_this_machine_the_dashboard_is_not_served_without_a_password()
    {
        await using var silo = await SiloProcess.StartedAsync(_folder, "Kad:Http=0.0.0.0:0", "Kad:Edge:Enabled=false");

        foreach (var path in new[] { "/dashboard", "/dashboard/", "/dashboard/ClusterStats", "/status" })
        {
            using var answer = await silo.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.Equal("ready", await WordAsync(silo, "/health/ready"));
        Assert.Contains("The dashboard and /status are not served", silo.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beyond_this_machine_the_dashboard_asks_for_the_password()
    {
        await using var silo = await SiloProcess.StartedAsync(
            _folder, "Kad:Http=0.0.0.0:0", "Kad:Edge:Enabled=false", "Kad:Dashboard:User=me", "Kad:Dashboard:Password=secret");

        foreach (var path in new[] { "/dashboard/", "/DASHBOARD/", "/dashboard/index.html", "/dashboard/ClusterStats", "/status" })
        {
            using var refused = await silo.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Http, path));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("me:secret")));
            using var allowed = await silo.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        }

        Assert.DoesNotContain("secret", silo.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task A_host_that_is_no_name_of_the_silo_is_refused_on_every_page_the_dashboards_too(string address)
    {
        await using var silo = await SiloProcess.StartedAsync(
            _folder,
            $"Kad:Http={address}:0",
            "Kad:Http:Hosts=kad-dashboard,kad.example.org",
            "Kad:Edge:Enabled=false",
            "Kad:Dashboard:User=me",
            "Kad:Dashboard:Password=secret");

        foreach (var path in (string[])["/dashboard/", "/dashboard/ClusterStats", "/dashboard/GrainState", "/status", "/health/live"])
        {
            Assert.Equal(HttpStatusCode.MisdirectedRequest, await AskAsync(silo, path, "evil.example.com"));
        }

        foreach (var host in (string[])["kad.example.org", "kad-dashboard:8080", "localhost", "192.0.2.7:8080", silo.Http.Authority])
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "/dashboard/ClusterStats", host));
            Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "/health/live", host));
        }
    }

    [Theory]
    [InlineData("Kad:Http:Hosts=*", "kad-silo: Kad:Http:Hosts is '*'; host names without a port are needed")]
    [InlineData("Kad:Storage=\u001b[2J\u202e", "kad-silo: Kad:Storage is '␛[2J<U+202E>'")]
    [InlineData("status", "'status' is not a setting; NAME=VALUE is needed")]
    [InlineData("Kad:Silo:Address=0.0.0.0", "kad-silo: Kad:Silo:Address is '0.0.0.0'")]
    [InlineData("Kad:Htp=1", "kad-silo: Kad:Htp is not a setting")]
    [InlineData("Kad:Edge:Listn=1", "kad-silo: Kad:Edge:Listn is not a setting")]
    [InlineData("Kad:Storage=AdoNet", "kad-silo: Kad:PostgreSql:ConnectionString is missing")]
    public async Task A_mistake_ends_start_up_with_one_sentence(string setting, string sentence)
    {
        await using var silo = SiloProcess.Start(_folder, setting);

        Assert.Equal(2, await silo.ExitAsync());
        Assert.StartsWith(sentence, silo.Errors, StringComparison.Ordinal);
        Assert.Single(silo.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Help_is_told_and_nothing_is_started()
    {
        await using var help = ChildProcess.Start("KadOrleans.Silo", _folder, "--help");

        Assert.Equal(0, await help.ExitAsync());
        Assert.Contains("Examples:", help.Output.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("Kad:Silo:Port")]
    [InlineData("Kad:Silo:GatewayPort")]
    public async Task A_port_of_a_live_silo_is_refused_and_that_silo_serves_on(string setting)
    {
        var port = $"{setting}={FreePort.Tcp()}";
        await using var live = await SiloProcess.StartedAsync(Directory.CreateDirectory(Path.Combine(_folder, "live")).FullName, port);
        await using var second = SiloProcess.Start(Directory.CreateDirectory(Path.Combine(_folder, "second")).FullName, port);

        Assert.Equal(2, await second.ExitAsync());
        var sentence = Assert.Single(second.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"kad-silo: {port.Replace("=", " is ", StringComparison.Ordinal)}, and another process listens on ", sentence, StringComparison.Ordinal);
        Assert.Equal("ready", (await live.StatusAsync()).GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("Kad:Silo:Port")]
    [InlineData("Kad:Silo:GatewayPort")]
    public async Task Of_two_silos_that_begin_at_once_with_one_port_one_is_refused_and_one_serves(string setting)
    {
        for (var round = 0; round < 5; round++)
        {
            var port = $"{setting}={FreePort.Tcp()}";
            string[] folders = [.. new[] { "one", "other" }.Select(name => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName)];
            await using var one = SiloProcess.Start(folders[0], port);
            await using var other = SiloProcess.Start(folders[1], port);
            await Task.WhenAll(Task.WhenAny(one.ExitAsync(), one.LineAsync("health ")), Task.WhenAny(other.ExitAsync(), other.LineAsync("health ")));

            var (serving, refused) = one.HasExited ? (other, one) : (one, other);
            Assert.True(refused.HasExited, $"Round {round}: both serve at {port}.");
            Assert.Equal(2, await refused.ExitAsync());
            var sentence = Assert.Single(refused.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.StartsWith($"kad-silo: {port.Replace("=", " is ", StringComparison.Ordinal)}, and another process listens on ", sentence, StringComparison.Ordinal);
            Assert.Equal(0, await serving.TerminateAsync());
        }
    }

    [Theory]
    [InlineData("Kad:Http=127.0.0.1:")]
    [InlineData("Kad:Silo:Port=")]
    [InlineData("Kad:Silo:GatewayPort=")]
    [InlineData("Kad:Edge:Listen=127.0.0.1:")]
    public async Task A_taken_port_ends_start_up_with_a_sentence_that_names_it(string setting)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var datagrams = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));

        await using var silo = SiloProcess.Start(_folder, $"{setting}{port}");

        Assert.Equal(2, await silo.ExitAsync());
        var sentence = silo.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.StartsWith("kad-silo: ", sentence, StringComparison.Ordinal);
        Assert.Contains(setting.Split('=')[0], sentence, StringComparison.Ordinal);
        Assert.Contains($"{port}", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=9;Username=x;Password=secret", 1, "kad-silo: Kad:PostgreSql:ConnectionString: the cluster's database failed: ")]
    [InlineData("Host=no-such-host.invalid;Username=x;Password=secret", 1, "kad-silo: Kad:PostgreSql:ConnectionString: the cluster's database failed: ")]
    [InlineData("Hst=127.0.0.1;Password=secret", 2, "kad-silo: Kad:PostgreSql:ConnectionString has the key 'hst', ")]
    [InlineData("127.0.0.1", 2, "kad-silo: Kad:PostgreSql:ConnectionString cannot be read: ")]
    public async Task A_database_that_cannot_be_reached_ends_start_up_with_a_sentence(string connection, int code, string sentence)
    {
        await using var silo = SiloProcess.Start(_folder, "Kad:Storage=AdoNet", $"Kad:PostgreSql:ConnectionString={connection}");

        Assert.Equal(code, await silo.ExitAsync());
        Assert.StartsWith(sentence, silo.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", silo.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_ends_start_up_with_a_sentence()
    {
        var file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, string.Empty, TestContext.Current.CancellationToken);
        await using var silo = SiloProcess.Start(_folder, $"Kad:Data={file}");

        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains(file, silo.Errors, StringComparison.Ordinal);
        Assert.Contains("Kad:Data", Assert.Single(silo.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_another_silo_holds_ends_start_up_with_a_sentence()
    {
        await using var first = await SiloProcess.StartedAsync(_folder);

        await using var second = SiloProcess.Start(_folder);

        Assert.Equal(2, await second.ExitAsync());
        Assert.Contains("is in use by another silo", second.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<HttpStatusCode> AskAsync(SiloProcess silo, string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Http, path));
        request.Headers.Host = host;
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("me:secret")));
        using var answer = await silo.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<string?> WordAsync(SiloProcess silo, string path)
    {
        using var answer = await silo.GetAsync(path);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("status").GetString();
    }
}
