namespace KadOrleans.Aspire.Tests;

/// <summary>Each mistake in an app host is one sentence that names what is wrong and what is allowed.</summary>
public sealed class MistakeTests
{
    [Fact]
    public async Task A_wrong_argument_is_refused_where_it_is_given()
    {
        await using var builder = AppHosts.Create();
        var kad = builder.AddKadCluster("kad");

        Refuses<ArgumentOutOfRangeException>("AddKadCluster: silos is 17; 0 to 16 are allowed.", () => builder.AddKadCluster("more", silos: 17));
        Refuses<ArgumentOutOfRangeException>("AddKadCluster: silos is -1; 0 to 16 are allowed.", () => builder.AddKadCluster("less", silos: -1));
        Refuses<ArgumentOutOfRangeException>(
            "WithEdge: port is 0; 1 to 65535 are allowed, or none for any free one.", () => kad.WithEdge("edge", port: 0));
        Refuses<ArgumentException>(
            "WithSetting: name is 'Kad:Edge:Name'; the app host gives each process its own.", () => kad.WithSetting("Kad:Edge:Name", "a"));
        Refuses<ArgumentException>(
            "WithSetting: name is 'ShardBits'; a setting of Kad:, Orleans:, Logging: is needed, such as Kad:Cluster:ShardBits.",
            () => kad.WithSetting("ShardBits", "4"));
        Refuses<DistributedApplicationException>(
            "AddKadCluster: server is 'nowhere/kad-server', which is neither a file nor a command of the PATH; "
            + "the path of kad-server or kad-server.dll is needed.",
            () => builder.AddKadCluster("other", server: "nowhere/kad-server"));
    }

    [Fact]
    public async Task A_cluster_without_a_silo_does_not_start() => Assert.Equal(
        "The cluster 'kad' has no silo; AddKadCluster with one or more, or WithSilo is needed.",
        await AppHosts.FailAsync(builder => builder.AddKadCluster("kad", silos: 0).WithEdge("edge-1")));

    [Fact]
    public async Task Several_silos_need_storage_that_they_share() => Assert.Equal(
        "The cluster 'kad' has 2 silos on SQLite, which one process has; WithPostgreSql or WithAzureStorage is needed, or one silo.",
        await AppHosts.FailAsync(builder => builder.AddKadCluster("kad", silos: 2)));

    [Fact]
    public async Task Silos_on_shared_storage_need_an_edge() => Assert.Equal(
        "The cluster 'kad' has no edge; WithEdge is needed, once or more.",
        await AppHosts.FailAsync(builder => builder.AddKadCluster("kad").WithPostgreSql(builder.AddConnectionString("orleans"))));

    [Fact]
    public async Task A_token_has_16_characters_or_more()
    {
        await using var builder = AppHosts.Create();
        using var folder = new TemporaryFolder();
        builder.AddKadCluster("kad", token: builder.AddParameter("operator", "short", secret: true)).WithDataFolder(folder.Path).WithEdge("edge-1")
            .WithPostgreSql(builder.AddConnectionString("orleans"));

        var exception = await Assert.ThrowsAsync<DistributedApplicationException>(() => builder.EnvironmentOfAsync("edge-1"));
        Assert.Equal("The parameter 'operator' has 5 characters; a token has 16 or more.", exception.Message);
    }

    private static void Refuses<TException>(string sentence, Action act)
        where TException : Exception => Assert.StartsWith(sentence, Assert.Throws<TException>(act).Message, StringComparison.Ordinal);
}
