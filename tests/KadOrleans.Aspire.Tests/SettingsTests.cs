namespace KadOrleans.Aspire.Tests;

/// <summary>What the processes of a cluster and its clients are told.</summary>
public sealed class SettingsTests : FolderTests
{
    private const string PostgreSql = "Host=db;Database=orleans";
    private const string Account = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b";

    [Fact]
    public async Task On_postgresql_all_get_the_database()
    {
        await using var builder = AppHosts.Create();
        builder.Configuration["ConnectionStrings:orleans"] = PostgreSql;
        var kad = builder.AddKadCluster("shop", silos: 2).WithDataFolder(Folder).WithEdge("edge-1").WithEdge("edge-2")
            .WithPostgreSql(builder.AddConnectionString("orleans")).WithSetting("Kad:Cluster:ShardBits", "4");
        builder.AddExecutable("client", "client", ".").WithReference(kad);

        var silo = await ReadAsync(builder, "shop-silo-2");
        Assert.Equal("Silo", silo["Kad__Role"]);
        AssertProvider(silo, "Clustering", "AdoNet", PostgreSql);
        AssertProvider(silo, "GrainStorage__Kad", "AdoNet", PostgreSql);
        AssertProvider(silo, "Reminders", "AdoNet", PostgreSql);
        Assert.Equal(("shop", "shop"), (silo["Orleans__ClusterId"], silo["Orleans__ServiceId"]));
        Assert.Equal("4", silo["Kad__Cluster__ShardBits"]);
        Assert.DoesNotContain(silo.Keys, name => name.StartsWith("Kad__Edge", StringComparison.Ordinal));

        var edge = await ReadAsync(builder, "edge-2");
        Assert.Equal(("Edge", "edge-2"), (edge["Kad__Role"], edge["Kad__Edge__Name"]));
        AssertProvider(edge, "Clustering", "AdoNet", PostgreSql);
        Assert.DoesNotContain(edge.Keys, name => name.StartsWith("Orleans__GrainStorage", StringComparison.Ordinal));
        Assert.True(edge.ContainsKey("Kad__Edge__Bootstrap"));
        Assert.False((await ReadAsync(builder, "edge-1")).ContainsKey("Kad__Edge__Bootstrap"));

        var client = await ReadAsync(builder, "client");
        AssertProvider(client, "Clustering", "AdoNet", PostgreSql);
        Assert.Equal("Npgsql", client["Orleans__Clustering__Invariant"]);

        // All prove themselves by one key, and silos by another one besides, which nobody else has.
        var key = Path.Combine(Folder, "gateway-key");
        Assert.All([silo, edge, client], process => Assert.Equal(key, process["Kad__Cluster__GatewayKeyFile"]));
        Assert.Equal(Path.Combine(Folder, "silo-key"), silo["Kad__Cluster__SiloKeyFile"]);
        Assert.All([edge, client], process => Assert.DoesNotContain(process.Keys, name => name.StartsWith("Kad__Cluster__SiloKey", StringComparison.Ordinal)));
        Assert.Matches("^[0-9a-f]{64}\n$", File.ReadAllText(key));
        Assert.NotEqual(File.ReadAllText(key), File.ReadAllText(silo["Kad__Cluster__SiloKeyFile"]));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }
    }

    [Theory]
    [InlineData(Account + ";TableEndpoint=http://t", Account + ";BlobEndpoint=http://b")]
    [InlineData("https://a.table.core.windows.net", "https://a.blob.core.windows.net")]
    public async Task On_azure_storage_silos_get_tables_and_blobs(string tables, string blobs)
    {
        await using var builder = AppHosts.Create();
        (builder.Configuration["ConnectionStrings:tables"], builder.Configuration["ConnectionStrings:blobs"]) = (tables, blobs);
        builder.AddKadCluster("Kad").WithDataFolder(Folder).WithEdge("edge-1")
            .WithAzureStorage(builder.AddConnectionString("tables"), builder.AddConnectionString("blobs"));

        var silo = await ReadAsync(builder, "Kad-silo-1");
        AssertProvider(silo, "Clustering", "AzureTableStorage", tables);
        AssertProvider(silo, "GrainStorage__Kad", "AzureBlobStorage", blobs);
        AssertProvider(silo, "Reminders", "AzureTableStorage", tables);
        Assert.Equal("kad", silo["Orleans__GrainStorage__Kad__ContainerName"]);
        AssertProvider(await ReadAsync(builder, "edge-1"), "Clustering", "AzureTableStorage", tables);
    }

    [Fact]
    public async Task A_program_of_ones_own_gets_what_orleans_reads_too()
    {
        await using var builder = AppHosts.Create();
        builder.Configuration["ConnectionStrings:orleans"] = PostgreSql;
        var shop = builder.AddProject<Projects.Guestbook_Cluster>("shop");
        builder.AddKadCluster("kad", silos: 0).WithDataFolder(Folder).WithSilo(shop).WithEdge(shop)
            .WithPostgreSql(builder.AddConnectionString("orleans"));

        var settings = await ReadAsync(builder, "shop");
        Assert.Equal(("SiloAndEdge", "shop"), (settings["Kad__Role"], settings["Kad__Edge__Name"]));
        Assert.All(["Clustering", "GrainStorage__Kad", "Reminders"], provider => AssertProvider(settings, provider, "AdoNet", PostgreSql));
    }

    [Fact]
    public async Task The_file_of_tokens_has_the_tokens_hash_for_its_owner_alone()
    {
        await using var builder = AppHosts.Create();
        var token = builder.AddParameter("operator", "a token of one's own", secret: true);
        builder.Configuration["ConnectionStrings:orleans"] = PostgreSql;
        builder.AddKadCluster("kad", token: token).WithDataFolder(Folder).WithEdge("edge-1").WithPostgreSql(builder.AddConnectionString("orleans"));

        var path = (await ReadAsync(builder, "edge-1"))["Kad__Http__Tokens"];
        Assert.Equal(Path.Combine(Folder, "tokens.json"), path);
        Assert.True(new KadOrleans.Http.ApiTokens(KadOrleans.Http.ApiTokens.Read("file", path)).TryFind("a token of one's own", out var found));
        Assert.Equal(KadOrleans.Http.ApiScope.All, found.Scopes);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public async Task Tokens_that_the_file_has_besides_stay_and_its_own_is_renewed()
    {
        await using var builder = AppHosts.Create();
        var path = Path.Combine(Folder, "tokens.json");
        var (mine, former) = (KadOrleans.Http.ApiToken.Create("mine", ["read"], 7), KadOrleans.Http.ApiToken.Create("aspire", ["read"]));
        await File.WriteAllTextAsync(path, KadOrleans.Http.ApiTokens.Write([former.Token, mine.Token]), TestContext.Current.CancellationToken);
        var token = builder.AddParameter("operator", "a token of one's own", secret: true);
        builder.Configuration["ConnectionStrings:orleans"] = PostgreSql;
        builder.AddKadCluster("kad", token: token).WithDataFolder(Folder).WithEdge("edge-1").WithPostgreSql(builder.AddConnectionString("orleans"));

        await ReadAsync(builder, "edge-1");
        var held = KadOrleans.Http.ApiTokens.Read("file", path);
        Assert.Equal(
            [("aspire", 1_000), ("mine", 7)], held.Select(one => (one.Name, one.RequestsPerSecond)).Order());
        var tokens = new KadOrleans.Http.ApiTokens(held);
        Assert.True(tokens.TryFind("a token of one's own", out _) && tokens.TryFind(mine.Secret, out _));
        Assert.False(tokens.TryFind(former.Secret, out _));

        // Nothing is written while another process may write it.
        var written = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        await ReadAsync(builder, "kad-silo-1");
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(path));
        Assert.Equal(written, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("no tokens")]
    [InlineData("[]")]
    [InlineData("""{"tokens":{}}""")]
    [InlineData("""{"tokens":[7]}""")]
    public async Task A_file_that_is_none_of_tokens_stays_and_ends_the_start_with_a_sentence(string content)
    {
        await using var builder = AppHosts.Create();
        var path = Path.Combine(Folder, "tokens.json");
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);
        var token = builder.AddParameter("operator", "a token of one's own", secret: true);
        builder.Configuration["ConnectionStrings:orleans"] = PostgreSql;
        builder.AddKadCluster("kad", token: token).WithDataFolder(Folder).WithEdge("edge-1").WithPostgreSql(builder.AddConnectionString("orleans"));

        var mistake = await Assert.ThrowsAsync<DistributedApplicationException>(() => ReadAsync(builder, "edge-1"));
        Assert.Equal(
            $"'{path}' is no file of tokens; one that kad token wrote is needed, or none: without one the app host makes it.", mistake.Message);
        Assert.Equal(content, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("localhost", "127.0.0.1:", "127.0.0.1:")]
    [InlineData("0.0.0.0", "0.0.0.0:", "127.0.0.1:")]
    [InlineData("*", "0.0.0.0:", "127.0.0.1:")]
    [InlineData("::", "[::]:", "[::1]:")]
    [InlineData("[::]", "[::]:", "[::1]:")]
    [InlineData("192.0.2.7", "192.0.2.7:", "192.0.2.7:")]
    public async Task Others_join_an_edge_that_listens_for_all_machines_on_this_one(string host, string listens, string joined)
    {
        await using var builder = AppHosts.Create();
        builder.Configuration["ConnectionStrings:orleans"] = PostgreSql;
        builder.AddKadCluster("kad").WithDataFolder(Folder).WithPostgreSql(builder.AddConnectionString("orleans"))
            .WithEdge("edge-1", configure: edge => edge.WithEndpoint("udp", udp => udp.TargetHost = host))
            .WithEdge("edge-2");

        Assert.StartsWith(listens, Expression(await builder.EnvironmentOfAsync("edge-1"), "Kad__Edge__Listen"), StringComparison.Ordinal);
        Assert.StartsWith(joined, Expression(await builder.EnvironmentOfAsync("edge-2"), "Kad__Edge__Bootstrap"), StringComparison.Ordinal);

        static string Expression(Dictionary<string, object> settings, string name) => ((ReferenceExpression)settings[name]).ValueExpression;
    }

    private static void AssertProvider(Dictionary<string, string> settings, string provider, string type, string connection) => Assert.Equal(
        (type, connection), (settings[$"Orleans__{provider}__ProviderType"], settings[$"Orleans__{provider}__ConnectionString"]));

    // The texts, and those of connection strings. Endpoints have their ports later.
    private static async Task<Dictionary<string, string>> ReadAsync(IDistributedApplicationBuilder builder, string resource)
    {
        var read = new Dictionary<string, string>();
        foreach (var (name, value) in await builder.EnvironmentOfAsync(resource))
        {
            read[name] = value switch
            {
                string text => text,
                ReferenceExpression { ValueProviders: [not EndpointReferenceExpression] } expression =>
                    await expression.GetValueAsync(TestContext.Current.CancellationToken) ?? string.Empty,
                _ => "later",
            };
        }

        return read;
    }
}
