using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Hosts of others: an app that is a silo with an edge, and serves API and console beside its own pages.</summary>
public sealed class OwnHostTests
{
    private static readonly string Key = ClusterKey.Create();

    private static readonly CancellationToken Cancelled = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_app_is_silo_edge_and_pages_and_neither_its_tokens_nor_its_answers_meet()
    {
        using var folder = new TemporaryFolder();
        var (secret, token) = ApiToken.Create("all", ApiScope.All);
        File.WriteAllText(folder["tokens.json"], ApiTokens.Write([token]));
        await using var app = Build(folder["tokens.json"]);
        app.MapKad();
        app.MapKadHealth();
        app.MapGet("/", () => "my page");
        app.MapGet("/length", () => TimeSpan.FromSeconds(90));
        app.MapGet("/private", () => "mine").RequireAuthorization();
        await app.StartAsync(Cancelled);
        var edge = app.Services.GetRequiredService<EdgeHealth>();
        await Eventually.BecomesAsync(() => edge.IsReady, () => edge.Obstacle ?? string.Empty);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        Assert.Equal("my page", await client.GetStringAsync("/", Cancelled));
        Assert.Equal("\"00:01:30\"", await client.GetStringAsync("/length", Cancelled));
        Assert.Equal("""{"status":"ready"}""", await client.GetStringAsync("/health/ready", Cancelled));
        Assert.Contains("<html", await client.GetStringAsync("/console/", Cancelled), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/status", Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await SendAsync(client, "/v1/status", secret, host: "evil.example")).StatusCode);

        var status = await SendAsync(client, "/v1/status", secret);
        Assert.Equal(HttpStatusCode.OK, status.StatusCode);
        Assert.Equal("no-store", status.Headers.CacheControl!.ToString());
        Assert.Contains("edge-of-app", await status.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(client, "/v1/admin/silos", secret)).StatusCode);

        // A token is nobody's login in the app.
        Assert.NotEqual(HttpStatusCode.OK, (await SendAsync(client, "/private", secret)).StatusCode);
        await app.StopAsync(Cancelled);
        Assert.Equal("it stopped", edge.Obstacle);
    }

    [Fact]
    public async Task A_client_with_the_key_is_an_edge_and_one_without_is_not_connected()
    {
        var (port, gateway) = (FreePort.Tcp(), FreePort.Tcp());
        using var silo = BuildSilo(port, gateway, options => options.GatewayKey = Key);
        await silo.StartAsync(Cancelled);
        using (var edge = BuildEdge(gateway, "KAD", key: Key))
        {
            await edge.StartAsync(Cancelled);
            var health = edge.Services.GetRequiredService<EdgeHealth>();
            await Eventually.BecomesAsync(() => health.IsReady, () => health.Obstacle ?? string.Empty);
            await edge.StopAsync(Cancelled);
        }

        await StaysOutAsync(
            gateway,
            options => options.GatewayKey = null,
            "it wants the cluster's key, which is not set here (Kad:Cluster:GatewayKey or Kad:Cluster:GatewayKeyFile), ");
        await StaysOutAsync(
            gateway, options => options.GatewayKey = ClusterKey.Create(), "does not have the Kad:Cluster:GatewayKey of this process, and was told nothing");
        await silo.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_client_of_another_cluster_is_told_of_its_cluster_id()
    {
        var gateway = FreePort.Tcp();
        using var silo = BuildSilo(FreePort.Tcp(), gateway, _ => { });
        await silo.StartAsync(Cancelled);
        await StaysOutAsync(gateway, _ => { }, "or is of another cluster than 'other' (Orleans:ClusterId), or it stops.", cluster: "other");
        await silo.StopAsync(Cancelled);
    }

    [Theory]
    [InlineData(true, false, "Kad:Cluster:SiloKey is not set, so whoever runs a program on this machine may use the port for silos at 127.0.0.1:")]
    [InlineData(false, true, "Kad:Cluster:GatewayKey is not set, so whoever runs a program on this machine may use the gateway at 127.0.0.1:")]
    [InlineData(true, true, null)]
    [InlineData(false, false, null)]
    public async Task A_silo_with_one_key_warns_of_the_port_that_has_none(bool hasGateway, bool hasSilo, string? sentence)
    {
        using var log = new TextLog();
        using var silo = BuildSilo(
            FreePort.Tcp(),
            FreePort.Tcp(),
            options => (options.GatewayKey, options.SiloKey) = (hasGateway ? Key : null, hasSilo ? ClusterKey.Create() : null),
            log: log);
        await silo.StartAsync(Cancelled);
        var warnings = log.Text.Split('\n').Where(line => line.Contains("is not set, so whoever", StringComparison.Ordinal)).ToList();
        Assert.Equal(sentence is null ? 0 : 1, warnings.Count);
        Assert.All(warnings, warning => Assert.StartsWith(sentence!, warning, StringComparison.Ordinal));
        await silo.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Services_without_a_host_have_a_client()
    {
        var services = new ServiceCollection();
        services.AddOrleansClient(client => client.UseLocalhostClustering(FreePort.Tcp()).AddKadClient());
        await using var provider = services.BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredService<IDht>());
    }

    [Fact]
    public void A_null_among_the_settings_of_an_edge_is_none()
    {
        using var host = BuildEdge(FreePort.Tcp(), "edge", ("MaxStaleness", null), ("ChangesWithoutToken", null), ("Trust:0", null), ("Upload", null));
        var (options, defaults) = (host.Services.GetRequiredService<IOptions<KadEdgeOptions>>().Value, new KadEdgeOptions());
        Assert.Equal((defaults.MaxStaleness, defaults.ChangesWithoutToken), (options.MaxStaleness, options.ChangesWithoutToken));
        Assert.Empty(options.Trust);
    }

    [Fact]
    public async Task A_client_takes_the_key_from_a_file_and_a_mistake_in_it_ends_its_start_with_a_sentence()
    {
        using var folder = new TemporaryFolder();
        var gateway = FreePort.Tcp();
        File.WriteAllText(folder["key"], Key);
        using var silo = BuildSilo(FreePort.Tcp(), gateway, options => options.GatewayKeyFile = folder["key"]);
        await silo.StartAsync(Cancelled);
        using (var client = BuildClient(gateway, options => options.GatewayKeyFile = folder["key"]))
        {
            await client.StartAsync(Cancelled);
            Assert.NotNull(await client.Services.GetRequiredService<IDht>().GetStatusAsync(Cancelled));
            await client.StopAsync(Cancelled);
        }

        using var wrong = BuildClient(gateway, options => options.GatewayKey = "hush");
        var mistake = await Assert.ThrowsAsync<OptionsValidationException>(() => wrong.StartAsync(Cancelled));
        Assert.StartsWith("Kad:Cluster:GatewayKey has 4 characters; 64 hexadecimal digits are needed", Assert.Single(mistake.Failures), StringComparison.Ordinal);

        await StaysOutAsync(
            gateway, options => options.GatewayKeyFile = folder["lost"], $"Kad:Cluster:GatewayKeyFile is '{folder["lost"]}', which is not there");
        await silo.StopAsync(Cancelled);
    }

    [Theory]
    [InlineData("GatewayKye", "GatewayKey")]
    [InlineData("silokeyfiel", "SiloKeyFile")]
    public async Task A_key_whose_name_is_misspelt_starts_no_silo_and_no_client_without_one(string name, string meant)
    {
        KeyValuePair<string, string?>[] settings = [new($"Kad:Cluster:{name}", Key)];
        var silo = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        silo.Configuration.AddInMemoryCollection(settings);
        silo.UseOrleans(builder => builder.UseLocalhostClustering(FreePort.Tcp(), FreePort.Tcp()).UseInMemoryReminderService()
            .AddMemoryGrainStorage(GrainStorageName.Kad).UseKadGrains());
        var client = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        client.Configuration.AddInMemoryCollection(settings);
        client.UseOrleansClient(builder => builder.UseLocalhostClustering(FreePort.Tcp()).AddKadClient());

        foreach (var builder in new[] { silo, client })
        {
            builder.Logging.ClearProviders();
            using var host = builder.Build();
            var mistake = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));
            Assert.Equal($"Kad:Cluster:{name} is not a setting. Did you mean 'Kad:Cluster:{meant}'?", Assert.Single(mistake.Failures));
        }
    }

    /// <summary>Orleans itself would share the port, and both would say that they serve.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_silo_does_not_start_on_a_port_of_another_one_or_of_any_program(bool isGateway)
    {
        var (port, gateway) = (FreePort.Tcp(), FreePort.Tcp());
        using (var first = BuildSilo(port, gateway, _ => { }))
        {
            await first.StartAsync(Cancelled);
            await IsRefusedAsync();
            await first.StopAsync(Cancelled);

            // A host that has stopped leaves its ports, also while it is not disposed.
            using var next = BuildSilo(port, gateway, _ => { });
            await next.StartAsync(Cancelled);
            await next.StopAsync(Cancelled);
        }

        using var other = new TcpListener(IPAddress.Loopback, isGateway ? gateway : port);
        other.Start();
        await IsRefusedAsync();

        async Task IsRefusedAsync()
        {
            using var second = isGateway ? BuildSilo(FreePort.Tcp(), gateway, _ => { }) : BuildSilo(port, FreePort.Tcp(), _ => { });
            var mistake = await Assert.ThrowsAsync<OptionsValidationException>(() => second.StartAsync(Cancelled));
            var (name, number) = isGateway ? ("GatewayPort", gateway) : ("SiloPort", port);
            Assert.Equal(
                $"EndpointOptions.{name} is {number}, and another process or silo listens on 127.0.0.1:{number}; a free port is needed.", mistake.Message);
        }
    }

    [Fact]
    public async Task No_client_is_connected_to_a_silo_of_others_under_the_name_of_the_client_within_it()
    {
        var gateway = FreePort.Tcp();
        using var silo = BuildSilo(FreePort.Tcp(), gateway, _ => { });
        await silo.StartAsync(Cancelled);
        Assert.True(await FirstGreeting.IsAnsweredAsync(gateway, "0123456789abcdef0123456789abcdef"));
        Assert.False(await FirstGreeting.IsAnsweredAsync(gateway, "hosted-evil"));
        await silo.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_call_before_the_start_or_after_the_stop_is_refused_in_a_sentence_and_a_watch_ends_with_the_host()
    {
        var gateway = FreePort.Tcp();
        using var silo = BuildSilo(FreePort.Tcp(), gateway, _ => { }, silo => silo.AddKadClient());
        using var client = BuildClient(gateway, _ => { });
        IHost[] hosts = [silo, client];
        foreach (var dht in hosts.Select(DhtOf))
        {
            await AreRefusedAsync<DhtUnavailableException>(dht, "The silo or client of this host has not started, or is not connected yet.");
        }

        foreach (var host in hosts)
        {
            await host.StartAsync(Cancelled);
        }

        await DhtOf(client).SetAsync("key", "value", SetAcknowledgement.Durable, Cancelled);
        foreach (var host in hosts.Reverse())
        {
            await using var watch = DhtOf(host).WatchAsync("key", Cancelled).GetAsyncEnumerator(Cancelled);
            Assert.True(await watch.MoveNextAsync());
            var next = watch.MoveNextAsync();
            Assert.False(next.IsCompleted);
            host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            Assert.False(await next);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await DhtOf(host).WatchAsync("key", Cancelled).FirstAsync(Cancelled));
            await host.StopAsync(Cancelled);
            Assert.Throws<ObjectDisposedException>(() => DhtOf(host).WatchAsync("key", Cancelled));
            await AreRefusedAsync<ObjectDisposedException>(DhtOf(host), "The host has stopped, and its silo or client with it: nothing was done.");
        }

        static IDht DhtOf(IHost host) => host.Services.GetRequiredService<IDht>();
    }

    [Fact]
    public async Task An_edge_whose_host_stops_as_soon_as_it_has_started_ends_without_a_warning()
    {
        for (var i = 0; i < 5; i++)
        {
            using var log = new TextLog();
            using var host = BuildSilo(FreePort.Tcp(), FreePort.Tcp(), _ => { }, silo => silo.AddKadEdge(options => options.Listen.Add("127.0.0.1:0")), log);
            await host.StartAsync(Cancelled);
            await host.StopAsync(Cancelled);
            Assert.DoesNotContain("BackgroundService", log.Text, StringComparison.Ordinal);
        }
    }

    private static async Task AreRefusedAsync<TException>(IDht dht, string sentence)
        where TException : Exception
    {
        Func<Task>[] calls =
        [
            () => dht.GetAsync("key", Cancelled),
            () => dht.SetAsync("key", "value", Cancelled),
            () => dht.SetAsync("key", "value", TimeSpan.FromMinutes(1), Cancelled),
            () => dht.UnpublishAsync("key", Cancelled),
            () => dht.FindNodeAsync(NodeId.MinValue, Cancelled),
            () => dht.GetStatusAsync(Cancelled),
        ];
        calls = typeof(TException) == typeof(ObjectDisposedException) ? [.. calls, () => dht.WaitUntilReadyAsync(Cancelled)] : calls;
        foreach (var call in calls)
        {
            Assert.StartsWith(sentence, (await Assert.ThrowsAsync<TException>(call)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Kad:Edge:Lisen is not a setting; ", "Lisen", "127.0.0.1:0")]
    [InlineData("Kad:Edge:Listen is 'here'; IP:PORT is needed", "Listen", "here")]
    [InlineData("Kad:Edge:Bootstrap: ", "Bootstrap", "127.0.0.1:1,nowhere")]
    [InlineData("Kad:Edge:NodeIds is 65; 1 to 64 is allowed.", "NodeIds", "65")]
    [InlineData("Kad:Edge:NodeIds is 'many'; a whole number is needed.", "NodeIds", "many")]
    [InlineData("Kad:Edge:MaxStaleness is 00:02:00; ", "MaxStaleness", "00:02:00")]
    public async Task A_wrong_setting_of_an_edge_stops_the_start_with_a_sentence(string sentence, string name, string value)
    {
        using var host = BuildEdge(FreePort.Tcp(), "edge", (name, value));
        var mistake = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));
        Assert.StartsWith(sentence, Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }

    /// <summary>Else a slip in its name would open an edge with the defaults to everybody.</summary>
    [Fact]
    public async Task An_edge_whose_section_is_not_there_does_not_start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client.UseLocalhostClustering(FreePort.Tcp()).AddKadEdge(builder.Configuration.GetSection("Kad:Egde")));
        using var host = builder.Build();
        var mistake = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));
        Assert.StartsWith(
            "Kad:Egde is not in the configuration, from which AddKadEdge takes Kad:Egde:Name, ", Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_silo_with_an_edge_and_without_the_grains_does_not_start(bool hasSection)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Configuration["Kad:Edge:Listen"] = "127.0.0.1:0";
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Tcp(), FreePort.Tcp());
            _ = hasSection ? silo.AddKadEdge(builder.Configuration.GetSection("Kad:Edge")) : silo.AddKadEdge(options => options.Listen.Add("127.0.0.1:0"));
        });

        using var host = builder.Build();
        var mistake = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync(Cancelled));
        Assert.StartsWith("The silo has AddKadEdge(…) without the DHT's grains: add UseKadGrains()", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edge_needs_a_name_and_is_the_only_one()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            Configure(silo, FreePort.Tcp(), FreePort.Tcp(), _ => { });
            silo.AddKadEdge(options => options.Name = string.Empty);
            Assert.Contains("up to 64 node ids", Assert.Throws<InvalidOperationException>(() => silo.AddKadEdge()).Message, StringComparison.Ordinal);
        });

        using var host = builder.Build();
        var mistake = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));
        Assert.Equal(["KadEdgeOptions.Name is ''; 1 to 128 printable characters are needed."], mistake.Failures);
    }

    [Theory]
    [InlineData("The silo has no grain storage named 'Kad': ", false, true, true)]
    [InlineData("The silo has no reminder service, ", true, false, true)]
    [InlineData("The silo has AddKadClient() without the DHT's grains: ", true, true, false)]
    public async Task A_silo_that_lacks_what_the_grains_need_does_not_start_and_says_so(string sentence, bool stores, bool reminds, bool hasGrains)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Tcp(), FreePort.Tcp()).AddKadClient();
            _ = stores ? silo.AddMemoryGrainStorage(GrainStorageName.Kad) : silo.AddMemoryGrainStorage("Other");
            _ = reminds ? silo.UseInMemoryReminderService() : silo;
            _ = hasGrains ? silo.UseKadGrains() : silo;
        });

        using var host = builder.Build();
        var mistake = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync(Cancelled));
        Assert.StartsWith(sentence, mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_opened_assembly_has_interfaces_of_grains()
    {
        using var silo = BuildSilo(FreePort.Tcp(), FreePort.Tcp(), options => options.OpenAssemblies.Add("Guestbook.Grains"));
        var mistake = await Assert.ThrowsAsync<OrleansConfigurationException>(() => silo.StartAsync(Cancelled));
        Assert.StartsWith("OpenAssemblies of UseKadGrains has 'Guestbook.Grains', an assembly without an interface or a class of a grain", mistake.Message, StringComparison.Ordinal);
    }

    /// <summary>Else what is meant for the cluster would go to a node in memory, without a word.</summary>
    [Fact]
    public void A_host_is_client_of_a_cluster_or_a_node_and_not_both()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddKadNode().UseUdp("127.0.0.1:0");
        var second = Assert.Throws<InvalidOperationException>(() => builder.UseOrleansClient(client => client.AddKadClient()));
        Assert.StartsWith("The host has an IDht already, of AddKadNode:", second.Message, StringComparison.Ordinal);

        builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client => client.AddKadClient().AddKadClient());
        second = Assert.Throws<InvalidOperationException>(() => builder.Services.AddKadNode());
        Assert.StartsWith("The host has an IDht already, of AddKadClient:", second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_api_needs_tokens_a_dht_and_names_of_hosts()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddKadHttp(options => options.Hosts.Add("kad.example.org:80"));
        await using var app = builder.Build();
        var mistake = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(Cancelled));
        Assert.Collection(
            mistake.Failures,
            one => Assert.Equal("KadHttpOptions.Tokens is missing; a file of tokens is needed, which 'kad token add' writes.", one),
            one => Assert.StartsWith("KadHttpOptions.Hosts has 'kad.example.org:80'; host names without a port are needed", one, StringComparison.Ordinal),
            one => Assert.StartsWith("AddKadHttp needs IDht; AddKadClient()", one, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_api_is_mapped_on_the_app_itself_and_after_it_was_added()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        Assert.Throws<ArgumentException>(() => app.MapGroup("/kad").MapKad());
        Assert.Equal("MapKad needs AddKadHttp(…), which was not called.", Assert.Throws<InvalidOperationException>(() => app.MapKad()).Message);
    }

    private static WebApplication Build(string tokens)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.UseOrleans(silo =>
        {
            // Before the grains: the order must not matter.
            silo.AddKadEdge(options =>
            {
                options.Name = "edge-of-app";
                options.Listen.Add("127.0.0.1:0");
            });
            Configure(silo, FreePort.Tcp(), FreePort.Tcp(), _ => { }).AddKadClient();
        });
        builder.Services.AddKadHttp(options => options.Tokens = tokens);
        builder.Services.AddHealthChecks().AddCheck<EdgeHealth>("edge");
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
        builder.Services.AddAuthorization();
        return builder.Build();
    }

    private static IHost BuildSilo(
        int port, int gateway, Action<KadClusterOptions> configure, Action<ISiloBuilder>? add = null, ILoggerProvider? log = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        builder.UseOrleans(silo =>
        {
            Configure(silo, port, gateway, configure);
            add?.Invoke(silo);
        });
        return builder.Build();
    }

    private static ISiloBuilder Configure(ISiloBuilder silo, int port, int gateway, Action<KadClusterOptions> configure) => silo
        .UseLocalhostClustering(port, gateway, serviceId: "kad", clusterId: "kad")
        .AddMemoryGrainStorage(GrainStorageName.Kad)
        .UseInMemoryReminderService()
        .UseKadGrains(options =>
        {
            options.ShardBits = 2;
            configure(options);
        });

    // Orleans logs why a connection failed, and tries again until the start is given up.
    private static async Task StaysOutAsync(int gateway, Action<KadClientOptions> configure, string sentence, string cluster = "kad")
    {
        using var log = new TextLog();
        using var client = BuildClient(gateway, configure, log, cluster);
        using var given = new CancellationTokenSource();
        var starting = client.StartAsync(given.Token);
        await Eventually.BecomesAsync(() => log.Has(sentence), () => log.Text);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => starting);
    }

    private static IHost BuildClient(int gateway, Action<KadClientOptions> configure, ILoggerProvider? log = null, string cluster = "kad")
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        builder.UseOrleansClient(client => client.UseLocalhostClustering(gateway, serviceId: "kad", clusterId: cluster).AddKadClient(configure));
        return builder.Build();
    }

    private static IHost BuildEdge(int gateway, string name, params (string Key, string? Value)[] settings) => BuildEdge(gateway, name, key: null, settings);

    private static IHost BuildEdge(int gateway, string name, string? key, params (string Key, string? Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        (string Key, string? Value)[] all = settings.Any(setting => setting.Key == "Listen")
            ? [("Name", name), .. settings]
            : [("Name", name), ("Listen", "127.0.0.1:0"), .. settings];
        builder.Configuration.AddInMemoryCollection(all.Select(one => KeyValuePair.Create($"Kad:Edge:{one.Key}", one.Value)));
        builder.Configuration["Kad:Cluster:GatewayKey"] = key;
        builder.UseOrleansClient(client => client
            .UseLocalhostClustering(gateway, serviceId: "kad", clusterId: "kad")
            .AddKadEdge(builder.Configuration.GetSection("Kad:Edge")));
        return builder.Build();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string path, string secret, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        request.Headers.Host = host;
        return await client.SendAsync(request, Cancelled);
    }

    /// <summary>Keeps what is logged, with exceptions.</summary>
    private sealed class TextLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public string Text => string.Join('\n', _lines);

        public bool Has(string sentence) => _lines.Any(line => line.Contains(sentence, StringComparison.Ordinal));

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
