using Microsoft.Extensions.Configuration;

namespace KadOrleans.Cluster.Tests.Providers;

public sealed class RedisSettingsTests : FolderTests
{
    private const string OnPostgreSql = "Kad:Storage=PostgreSql";
    private const string Database = "Kad:PostgreSql:ConnectionString=Host=db";
    private const string Clustering = "Kad:Clustering=Redis";
    private const string Connection = "Kad:Redis:ConnectionString=redis:6379,password=hush";

    [Fact]
    public void Redis_has_members_and_reminders_and_PostgreSql_the_state()
    {
        var filled = Fill(OnPostgreSql, Database, Clustering, Connection);

        Assert.Equal("PostgreSql", filled["Orleans:GrainStorage:Kad:ProviderType"]);
        Assert.All((string[])["Orleans:Clustering", "Orleans:Reminders"], section => Assert.Equal(
            ("Redis", "Kad:Redis:ConnectionString"), (filled[$"{section}:ProviderType"], filled[$"{section}:ServiceKey"])));
        Assert.Equal(
            "AdoNet",
            Fill(OnPostgreSql, Database, Clustering, Connection, "Orleans:Reminders:ProviderType=AdoNet")["Orleans:Reminders:ProviderType"]);
    }

    [Fact]
    public void An_edge_needs_no_storage_of_state()
    {
        var given = Read("Kad:Role=Edge", Clustering, Connection);
        var filled = ClusterProviders.FillInEdge(given, KadSettings.ReadEdge(given, Providers().Known), Providers());

        Assert.Equal("Redis", filled["Orleans:Clustering:ProviderType"]);
        Assert.DoesNotContain(filled.Keys, key => key.StartsWith("Orleans:GrainStorage", StringComparison.Ordinal));
    }

    [Fact]
    public void Files_of_certificates_that_are_blank_count_as_missing()
    {
        string[] settings = [OnPostgreSql, Database, Clustering, Connection, "Kad:Redis:Authority=", "Kad:Redis:Certificate= ", "Kad:Redis:Key="];
        var (given, services) = (Read(settings), new ServiceCollection());
        var options = KadSettings.ReadSilo(given, Providers().Known);
        var filled = new ConfigurationBuilder()
            .AddConfiguration(given).AddInMemoryCollection(ClusterProviders.FillInSilo(given, options, Providers())).Build();

        ClusterProviders.AddConnections(services, filled, options, Providers(), isSilo: true);

        Assert.Contains(services, service => service.IsKeyedService && service.ServiceType == typeof(StackExchange.Redis.IConnectionMultiplexer));
    }

    [Theory]
    [InlineData(
        "Kad:Storage is 'Redis', which may lose the last second of what it acknowledged, and a STORE that was acknowledged must not be lost; "
            + "PostgreSql or AzureStorage is needed as Kad:Storage.",
        "Kad:Storage=Redis", Connection)]
    [InlineData("Kad:Clustering is 'Redis', which may lose the last second", Clustering, Connection)]
    [InlineData(
        "Orleans:GrainStorage:Kad:ProviderType is 'Redis', which may lose",
        "Orleans:GrainStorage:Kad:ProviderType=Redis", Clustering, Connection)]
    [InlineData(
        "Kad:Storage means Local, a file, which is for a single silo, but Kad:Clustering means Redis; ",
        "Kad:Storage=Local", Clustering, Connection)]
    [InlineData("Kad:Redis:ConnectionString is missing; Kad:Clustering=Redis needs it.", OnPostgreSql, Database, Clustering)]
    [InlineData(
        "Kad:Redis:ConnectionString cannot be used: 'pasword' is unknown, or its value is wrong; ",
        OnPostgreSql, Database, Clustering, "Kad:Redis:ConnectionString=redis:6379,pasword=hush")]
    [InlineData("Kad:Redis:ConnectionString cannot be used: ", OnPostgreSql, Database, Clustering, "Kad:Redis:ConnectionString=redis:6379,ssl=hush")]
    [InlineData(
        "Kad:Redis:ConnectionString cannot be used: it names no server; ",
        OnPostgreSql, Database, Clustering, "Kad:Redis:ConnectionString=password=hush")]
    [InlineData(
        "Kad:Redis has a file of certificates, and Kad:Redis:ConnectionString has no ssl=true; ",
        OnPostgreSql, Database, Clustering, Connection, "Kad:Redis:Authority=ca.crt")]
    [InlineData("Kad:Redis:Key is missing; ", OnPostgreSql, Database, Clustering, $"{Connection},ssl=true", "Kad:Redis:Certificate=tls.crt")]
    [InlineData(
        "Kad:Redis:Authority: 'ca.crt' cannot be read (",
        OnPostgreSql, Database, Clustering, $"{Connection},ssl=true", "Kad:Redis:Authority=ca.crt")]
    [InlineData("Kad:Redis:ConectionString is not a setting; Kad:Redis:ConnectionString, ", "Kad:Redis:ConectionString=redis:6379")]
    [InlineData(
        "Kad:Clustering is 'Redsi'; did you mean Redis? Local, PostgreSql, AzureStorage, Redis are allowed.",
        OnPostgreSql, Database, "Kad:Clustering=Redsi")]
    public void A_mistake_is_one_sentence_without_the_secret(string sentence, params string[] settings)
    {
        var mistake = Assert.Single(Assert.Throws<OptionsValidationException>(() => Fill(settings)).Failures);

        Assert.StartsWith(sentence, mistake, StringComparison.Ordinal);
        Assert.Matches("[.?]$", mistake);
        Assert.DoesNotContain("hush", mistake, StringComparison.Ordinal);
    }

    internal static KadProviders Providers() => new();

    private static Dictionary<string, string?> Fill(params string[] settings)
    {
        var given = Read(settings);
        return ClusterProviders.FillInSilo(given, KadSettings.ReadSilo(given, Providers().Known), Providers());
    }

    private static IConfigurationRoot Read(params string[] settings) => new ConfigurationBuilder().AddCommandLine(settings).Build();
}
