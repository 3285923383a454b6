namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SiloProcessTests(SiloProcessTests.LiveSilo live) : FolderTests, IClassFixture<SiloProcessTests.LiveSilo>
{
    [Theory]
    [InlineData("Kad:Silo:Port")]
    [InlineData("Kad:Silo:GatewayPort")]
    public async Task A_port_of_a_live_silo_is_refused_and_that_silo_serves_on(string setting)
    {
        var port = setting == "Kad:Silo:Port" ? live.Port : live.Gateway;
        var second = await EndedRun.OfSiloAsync(Folder, $"{setting}={port}");

        Assert.Equal(2, second.Code);
        Assert.StartsWith($"kad-server: {setting} is {port}, and another process or silo listens on ", Assert.Single(second.Lines), StringComparison.Ordinal);
        Assert.Equal("ready", (await live.Silo.StatusAsync()).GetProperty("state").GetString());

        // It holds its claim while it serves: of two that begin at once, one is refused.
        using var claim = new PortClaim();
        Assert.Equal(!OperatingSystem.IsLinux(), claim.TryTake(new IPEndPoint(IPAddress.Loopback, port)));
    }

    [Fact]
    public async Task An_edge_of_another_cluster_names_both_clusters()
    {
        await using var edge = StartEdge($"Kad:Cluster:Gateway=127.0.0.1:{live.Gateway}", KeySetting(live.Data), "Orleans:ClusterId=other");

        await Eventually.BecomesAsync(
            () => Task.FromResult(edge.Error.Text.Contains(
                "its cluster is 'kad', not 'other'; Orleans:ClusterId must be that of the cluster.", StringComparison.Ordinal)),
            () => edge.Error.Text);
        Assert.DoesNotContain("TLS", edge.Error.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("other", live.Silo.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edge_that_takes_the_silos_port_for_the_gateway_is_told_so()
    {
        var port = FreePort.Tcp();
        await using var silo = await HostedSilo.StartAsync(Path.Combine(Folder, "other"), $"Kad:Silo:Port={port}");
        await using var edge = StartEdge($"Kad:Cluster:Gateway=127.0.0.1:{port}", KeySetting(Path.Combine(Folder, "other")));

        await Eventually.BecomesAsync(
            () => Task.FromResult(edge.Error.Text.Contains("says that this is its port for silos (Kad:Silo:Port), and its gateway (Kad:Silo:GatewayPort) is needed.", StringComparison.Ordinal)),
            () => edge.Error.Text);
    }

    [Fact]
    public async Task It_stops_in_order_and_a_restart_finds_its_id_and_the_settings_that_the_cluster_was_created_with()
    {
        string[] settings = [$"Kad:Silo:Port={FreePort.Tcp()}", "Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1", "Kad:Cluster:ShardBits=5"];
        string id;
        await using (var first = SiloProcess.Start(Folder, settings))
        {
            id = (await first.LineAsync("listening udp 127.0.0.1:")).Split(" id ")[1];
            Assert.Equal(0, await first.StopAsync());

            // Orleans' dashboard may ask the silo for its figures once more while that stops.
            Assert.DoesNotContain(
                first.Errors.Split('\n'),
                line => line.Contains(" error ", StringComparison.Ordinal)
                    && !line.Contains("IManagementGrain.GetRuntimeStatistics", StringComparison.Ordinal));
            Assert.Equal(
                ["gateway-key", "kad-grains.db", "silo-key"],
                Directory.EnumerateFiles(Path.Combine(Folder, "kad-cluster-data")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }

        var other = await EndedRun.OfSiloAsync(Folder, "Kad:Cluster:ShardBits=6");
        Assert.Equal(2, other.Code);
        Assert.DoesNotContain(other.Lines, line => line.Contains(" error ", StringComparison.Ordinal));
        Assert.StartsWith("kad-server: Kad:Cluster:", other.Lines[^1], StringComparison.Ordinal);
        Assert.All((string[])["ShardBits", "5", "6"], part => Assert.Contains(part, other.Lines[^1], StringComparison.Ordinal));

        var second = await EndedRun.OfSiloAsync(Folder, "Orleans:ClusterId=kda");
        Assert.Equal(2, second.Code);
        Assert.DoesNotContain(second.Lines, line => line.Contains(" error ", StringComparison.Ordinal));
        Assert.Equal(
            "kad-server: Orleans:ClusterId is 'kda', but this storage has the state of a cluster that was created with 'kad': set it to 'kad', "
            + "or give a second cluster an Orleans:ServiceId of its own too.",
            second.Lines[^1]);

        await using (var killed = await SiloProcess.StartedAsync(Folder, settings))
        {
            var status = await killed.StatusAsync();
            Assert.Equal("kad", status.GetProperty("clusterId").GetString());
            Assert.Equal(5, status.GetProperty("settings").GetProperty("shardBits").GetInt32());
            await HasItsNameAtOnceAsync(killed, id);
        }

        // Without the setting it takes the number of shards that there are.
        await using var last = SiloProcess.Start(Folder, settings[..2]);
        await HasItsNameAtOnceAsync(last, id);
    }

    [Fact]
    public async Task The_only_silo_of_a_new_cluster_makes_sixteen_shards()
    {
        await using var silo = await SiloProcess.StartedAsync(Folder);
        Assert.Equal(4, (await silo.StatusAsync()).GetProperty("settings").GetProperty("shardBits").GetInt32());
    }

    [Fact]
    public async Task Help_is_told_and_nothing_is_started()
    {
        await using var help = ChildProcess.Start("kad-server", Folder, "--help");

        Assert.Equal(0, await help.ExitAsync());
        Assert.Contains("Examples:", help.Output.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder));
    }

    [Fact]
    public async Task The_schema_is_printed_and_nothing_is_started()
    {
        await using var schema = ChildProcess.Start("kad-server", Folder, "--schema");

        Assert.Equal(0, await schema.ExitAsync());
        Assert.Equal(Repository.Read("infra/postgresql/schema.sql").TrimEnd(), schema.Output.Text);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder));
    }

    [Theory]
    [InlineData(">/dev/full 2>/dev/full", "Kad:Role=SiloAndEdge")]
    [InlineData(">&- 2>&-", "Kad:Role=Silo")]
    [InlineData(">/dev/full 2>/dev/full", "Kad:Role=Edge")]
    [InlineData(">pipe 2>pipe", "Kad:Role=SiloAndEdge")]
    public async Task It_serves_without_its_output_and_its_log(string output, string role)
    {
        // A pipe that is full already, and that nobody reads.
        var pipe = $"cd {Folder} && mkfifo pipe && exec 9<>pipe && head -c 65536 /dev/zero >pipe && ";
        var http = $"127.0.0.1:{FreePort.Tcp()}";
        var script = $"{pipe}exec dotnet {Path.Combine(AppContext.BaseDirectory, ServerExecutable.Name)}.dll {role} Kad:Data={Path.Combine(Folder, "data")} "
            + $"Kad:Http={http} Kad:Silo:Port=0 Kad:Silo:GatewayPort=0 Kad:Cluster:Gateway=127.0.0.1:{live.Gateway} {KeySetting(live.Data)} "
            + $"Kad:Edge:Listen=127.0.0.1:0 Kad:Edge:Name=silent {output}";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));
        using var client = new HttpClient();

        await Eventually.BecomesAsync(IsReadyAsync, () => process.HasExited ? "it has ended" : "it is not ready");
        Assert.Equal(0, await process.StopAsync());

        async Task<bool> IsReadyAsync()
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://{http}/health/ready"), TestContext.Current.CancellationToken);
                return answer.StatusCode == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    [Theory]
    [InlineData("trap '' HUP;", false)]
    [InlineData("", true)]
    public async Task A_closed_terminal_stops_it_unless_it_was_started_to_ignore_that(string before, bool stops)
    {
        var script = $"{before} exec dotnet {Path.Combine(AppContext.BaseDirectory, ServerExecutable.Name)}.dll Kad:Data={Path.Combine(Folder, "data")} "
            + "Kad:Http=127.0.0.1:0 Kad:Silo:Port=0 Kad:Silo:GatewayPort=0";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));
        await process.LineAsync("health ");

        // The lowest bit is SIGHUP's.
        var status = await File.ReadAllLinesAsync($"/proc/{process.Id}/status", TestContext.Current.CancellationToken);
        var signals = status.Single(line => line.StartsWith(stops ? "SigCgt:" : "SigIgn:", StringComparison.Ordinal));
        Assert.Equal(1, Convert.ToInt32(signals[^1..], 16) & 1);
        await process.SignalAsync(stops ? "HUP" : "TERM");
        if (stops)
        {
            // The shell sends one, and the system another.
            await process.SignalAsync("HUP");
        }

        Assert.Equal(0, await process.ExitAsync());
        Assert.Contains("were handed over", process.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_settings_that_is_no_JSON_is_named()
    {
        var file = Path.Combine(Folder, "appsettings.json");
        await File.WriteAllTextAsync(file, "{ \"Kad\": {", TestContext.Current.CancellationToken);
        await using var process = ChildProcess.Start("kad-server", Folder, $"Kad:Data={Path.Combine(Folder, "data")}");

        Assert.Equal(2, await process.ExitAsync());
        await process.ReadLineAsync();
        Assert.StartsWith($"kad-server: Failed to load configuration from file '{file}': ", process.Error.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    public async Task Help_that_cannot_be_written_ends_with_1_and_a_sentence(string option)
    {
        var script = $"exec dotnet {Path.Combine(AppContext.BaseDirectory, ServerExecutable.Name)}.dll {option} >/dev/full";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));

        Assert.Equal(1, await process.ExitAsync());
        Assert.Null(await process.ReadLineAsync());
        Assert.Matches(@"^The standard output cannot be written \([^\n]+\)\.$", process.Error.Text);
    }

    // The key of the gateway of a silo whose data are in a folder.
    private static string KeySetting(string data) => $"Kad:Cluster:GatewayKeyFile={Path.Combine(data, KeySettings.GatewayFileName)}";

    private ChildProcess StartEdge(params string[] settings) => ChildProcess.Start(
        ServerExecutable.Name,
        Folder,
        ["Kad:Role=Edge", "Kad:Edge:Name=stray", "Kad:Edge:Listen=127.0.0.1:0", "Kad:Http=127.0.0.1:0", .. settings]);

    private static async Task HasItsNameAtOnceAsync(SiloProcess silo, string id)
    {
        Assert.Equal(id, (await silo.LineAsync("listening udp 127.0.0.1:")).Split(" id ")[1]);
        Assert.DoesNotContain("this one waits", silo.Errors, StringComparison.Ordinal);
    }

    public sealed class LiveSilo : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        internal int Port { get; } = FreePort.Tcp();

        internal int Gateway { get; } = FreePort.Tcp();

        internal string Data => Path.Combine(_folder.Path, "kad-cluster-data");

        internal SiloProcess Silo { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Silo = await SiloProcess.StartedAsync(_folder.Path, $"Kad:Silo:Port={Port}", $"Kad:Silo:GatewayPort={Gateway}");

        public async ValueTask DisposeAsync()
        {
            await Silo.DisposeAsync();
            _folder.Dispose();
        }
    }
}
