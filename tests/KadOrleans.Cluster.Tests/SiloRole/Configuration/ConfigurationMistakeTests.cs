using System.Net;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A mistake ends in one sentence that names the setting, its value and what is allowed.</summary>
public sealed class ConfigurationMistakeTests
{
    [Theory]
    [InlineData("Kad:Htp", "1", "Kad:Htp is not a setting")]
    [InlineData("Kad:Silo:Prt", "1", "Kad:Silo:Prt is not a setting")]
    [InlineData("Kad:Data:Folder", "x", "Kad:Data:Folder is not a setting")]
    [InlineData("Kad:Storage", "Redis", "Kad:Storage is 'Redis'; Local, AdoNet, AzureStorage are allowed.")]
    [InlineData("Kad:Storage", "1", "Kad:Storage is '1'")]
    [InlineData("Kad:Role", "Both", "Kad:Role is 'Both'; Silo, Edge, SiloAndEdge are allowed.")]
    [InlineData("Kad:Cluster:Shards", "8", "Kad:Cluster:Shards is not a setting; Kad:Cluster:Gateway, ")]
    [InlineData("Kad:Cluster:Quota:Keys", "8", "Kad:Cluster:Quota:Keys is not a setting; Kad:Cluster:Quota:TotalKeys, ")]
    [InlineData("Kad:Cluster:ShardBits", "twelve", "'twelve' at 'Kad:Cluster:ShardBits'")]
    [InlineData("Kad:Silo:Port", "65536", "Kad:Silo:Port is 65536; 0 to 65535 is allowed.")]
    [InlineData("Kad:Silo:GatewayPort", "x", "Kad:Silo:GatewayPort is 'x'; a whole number is needed.")]
    [InlineData("Kad:Http", "80800", "Kad:Http is '80800'; IP:PORT or PORT is needed, such as 127.0.0.1:8080 or 8080")]
    [InlineData("Kad:Http", "127.0.0.1", "Kad:Http is '127.0.0.1'")]
    [InlineData("Kad:Http", "::1", "Kad:Http is '::1'")]
    [InlineData("Kad:Http", "[::1]", "Kad:Http is '[::1]'")]
    [InlineData("Kad:Http", "example.org:80", "Kad:Http is 'example.org:80'")]
    [InlineData("Kad:Http", "127.0.0.1:70000", "Kad:Http is '127.0.0.1:70000'")]
    [InlineData("Kad:Verbose", "yes", "Kad:Verbose is 'yes'; true or false is allowed.")]
    [InlineData("Kad:Edge:Enabled", "1", "Kad:Edge:Enabled is '1'; true or false is allowed.")]
    [InlineData("Kad:Dashboard:User", "me", "Kad:Dashboard:Password is missing")]
    [InlineData("Kad:Dashboard:Password", "secret", "Kad:Dashboard:User is missing")]
    [InlineData("Kad:Storage", "AdoNet", "Kad:PostgreSql:ConnectionString is missing; Kad:Storage=AdoNet needs it.")]
    [InlineData("Orleans:Clustering:ProviderType", "AdoNet", "Orleans:GrainStorage:Kad:ProviderType is 'Sqlite'")]
    public void A_mistake_is_named_in_a_sentence(string key, string value, string sentence)
    {
        var mistake = Assert.Throws<OptionsValidationException>(() => Complete((key, value)));

        Assert.Contains(sentence, mistake.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Kad:Cluster:ShardBits", "17", "Kad:Cluster:ShardBits is 17; 0 to 16 is allowed.")]
    [InlineData("Kad:Cluster:ShardBits", "-1", "Kad:Cluster:ShardBits is -1;")]
    [InlineData("Kad:Cluster:SaveDelay", "00:01:00", "Kad:Cluster:SaveDelay is 00:01:00;")]
    [InlineData("Kad:Cluster:Trust:0", "everyone", "Kad:Cluster:Trust is 'everyone';")]
    public void A_mistake_in_a_cluster_setting_is_named_in_a_sentence(string key, string value, string sentence)
    {
        var mistake = Assert.Throws<OptionsValidationException>(() => Complete((key, value)));

        Assert.StartsWith(sentence, Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_the_cluster_reach_its_grains()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kad:Cluster:ShardBits"] = "5",
            ["Kad:Cluster:Quota:TotalKeys"] = "77",
            ["Kad:Cluster:EdgeTimeout"] = "00:00:02",
            ["Kad:Cluster:Trust:0"] = "10.0.0.0/8",
        }).Build();
        KadSettings.ReadSilo(configuration);
        var options = new KadClusterOptions();
        SiloHost.Bind(configuration, options);

        Assert.Equal((5, 77, TimeSpan.FromSeconds(2)), (options.ShardBits, options.Quota.TotalKeys, options.EdgeTimeout));
        Assert.Equal(["10.0.0.0/8"], options.Trust);
    }

    [Theory]
    [InlineData("me", " ")]
    [InlineData(" ", "secret")]
    [InlineData("me", "\n")]
    public void Blank_credentials_count_as_missing(string user, string password)
    {
        var mistake = Assert.Throws<OptionsValidationException>(
            () => Complete(("Kad:Dashboard:User", user), ("Kad:Dashboard:Password", password)));

        Assert.Contains(" is missing;", mistake.Message, StringComparison.Ordinal);
        Assert.False(KadSettings.ReadSilo(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kad:Http"] = "0.0.0.0:8080",
            ["Kad:Dashboard:User"] = " ",
            ["Kad:Dashboard:Password"] = " ",
        }).Build()).ServesDashboard);
    }

    [Fact]
    public void A_user_with_a_colon_could_not_be_told_from_the_password()
    {
        var mistake = Assert.Throws<OptionsValidationException>(
            () => Complete(("Kad:Dashboard:User", "a:b"), ("Kad:Dashboard:Password", "secret")));

        Assert.Contains("Kad:Dashboard:User is 'a:b'", mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DynamoDB", "Orleans:GrainStorage:Kad:ProviderType is 'DynamoDB', whose records have at most 400 KiB; a provider with records of more than 512 KiB is needed.")]
    [InlineData("AzureTableStorage", null)]
    [InlineData("Redis", null)]
    public void A_provider_whose_records_are_too_small_is_refused(string provider, string? sentence)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Kad:Storage"] = "AdoNet",
                ["Kad:PostgreSql:ConnectionString"] = "Host=127.0.0.1",
                ["Orleans:GrainStorage:Kad:ProviderType"] = provider,
            })
            .Build();

        var mistake = Record.Exception(() => ClusterProviders.FillInSilo(configuration, KadSettings.ReadSilo(configuration), new KadProviders()));

        Assert.Equal(sentence, mistake?.Message);
    }

    [Theory]
    [InlineData("8080", "127.0.0.1:8080")]
    [InlineData(":8080", "127.0.0.1:8080")]
    [InlineData("localhost:8080", "127.0.0.1:8080")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("[::1]:80", "[::1]:80")]
    public void Where_HTTP_is_served_means_the_same_to_a_silo_and_to_an_edge(string http, string expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>("Kad:Http", http)]).Build();

        Assert.Equal(IPEndPoint.Parse(expected), KadSettings.ReadSilo(configuration).Http.EndPoint);
        Assert.Equal(IPEndPoint.Parse(expected), KadSettings.ReadEdge(configuration).Http.EndPoint);
    }

    [Theory]
    [InlineData("static", (int)StorageChoice.Local)]
    [InlineData("localhost", (int)StorageChoice.Local)]
    [InlineData(" ", (int)StorageChoice.Local)]
    [InlineData("adonet", (int)StorageChoice.AdoNet)]
    [InlineData("AzureTableStorage", (int)StorageChoice.AzureStorage)]
    public void Where_state_is_kept_means_the_same_to_a_silo_and_to_an_edge(string value, int expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>("Kad:Storage", value)]).Build();

        Assert.Equal((StorageChoice)expected, KadSettings.ReadSilo(configuration).Storage);
        Assert.Equal((StorageChoice)expected, KadSettings.ReadEdge(configuration).Clustering);
    }

    [Fact]
    public void One_file_may_have_the_settings_of_silos_and_edges()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(KadSettings.Names
            .Where(name => name.StartsWith("Cluster:", StringComparison.Ordinal) || name is "Verbose" or "Silo:Port" or "Data")
            .Select(name => KeyValuePair.Create<string, string?>(
                $"Kad:{name.Replace('#', '0')}", name == "Cluster:Trust:#" ? "10.0.0.0/8" : string.Empty))).Build();

        KadSettings.ReadSilo(configuration);
        KadSettings.ReadEdge(configuration);
    }

    [Fact]
    public void Each_option_of_the_cluster_is_a_setting_and_there_are_no_others()
    {
        var options = NamesOf(typeof(KadClusterOptions), "Cluster:").Append("Cluster:Gateway").Append("Cluster:Gateway:#").Order();

        Assert.Equal(options, KadSettings.Names.Where(name => name.StartsWith("Cluster:", StringComparison.Ordinal)).Order());

        static IEnumerable<string> NamesOf(Type options, string prefix) => options
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .SelectMany(property => property.PropertyType switch
            {
                var type when type == typeof(IList<string>) => [$"{prefix}{property.Name}:#"],
                { IsClass: true } type when type != typeof(string) => NamesOf(type, $"{prefix}{property.Name}:"),
                _ => [$"{prefix}{property.Name}"],
            });
    }

    [Fact]
    public void Without_settings_a_whole_cluster_runs_on_this_machine()
    {
        var (settings, filled) = Complete();

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 8080), settings.Http.EndPoint);
        Assert.Equal((true, true), (settings.HasEdge, settings.ServesDashboard));
        Assert.Equal("Development", filled["Orleans:Clustering:ProviderType"]);
        Assert.Equal("Sqlite", filled["Orleans:GrainStorage:Kad:ProviderType"]);
        Assert.Equal("kad-cluster-data", filled["Orleans:GrainStorage:Kad:Folder"]);
        Assert.Equal("Memory", filled["Orleans:Reminders:ProviderType"]);
        Assert.Equal(("11111", "30000"), (filled["Orleans:Endpoints:SiloPort"], filled["Orleans:Endpoints:GatewayPort"]));
        Assert.Equal("127.0.0.1", filled["Orleans:Endpoints:AdvertisedIPAddress"]);
    }

    [Fact]
    public void PostgreSql_takes_all_three_and_no_edge()
    {
        var (settings, filled) = Complete(("Kad:Storage", "adonet"), ("Kad:PostgreSql:ConnectionString", "Host=db"));

        Assert.False(settings.HasEdge);
        foreach (var provider in new[] { "Orleans:Clustering", "Orleans:GrainStorage:Kad", "Orleans:Reminders" })
        {
            Assert.Equal("AdoNet", filled[$"{provider}:ProviderType"]);
            Assert.Equal("Npgsql", filled[$"{provider}:Invariant"]);
            Assert.Equal("Host=db", filled[$"{provider}:ConnectionString"]);
        }

        Assert.DoesNotContain("Orleans:Endpoints:AdvertisedIPAddress", filled.Keys);
        Assert.Equal("00:00:02", filled["Orleans:Membership:ProbeTimeout"]);
        Assert.Equal("00:00:05", filled["Orleans:Membership:MaxProbeTimeout"]);
        Assert.Equal("00:00:15", filled["Orleans:Membership:TableRefreshTimeout"]);
    }

    [Fact]
    public void Settings_of_Orleans_itself_are_kept()
    {
        var (_, filled) = Complete(
            ("Orleans:ClusterId", "mine"), ("Orleans:Endpoints:SiloPort", "4000"), ("Orleans:Reminders:ProviderType", "AdoNet"));

        Assert.DoesNotContain("Orleans:ClusterId", filled.Keys);
        Assert.DoesNotContain("Orleans:Endpoints:SiloPort", filled.Keys);
        Assert.DoesNotContain("Orleans:Reminders:ProviderType", filled.Keys);
        Assert.Equal("kad", filled["Orleans:ServiceId"]);
    }

    [Theory]
    [InlineData("127.0.0.1:80", true)]
    [InlineData("localhost:80", true)]
    [InlineData("[::1]:80", true)]
    [InlineData("0.0.0.0:80", false)]
    [InlineData("[::]:80", false)]
    [InlineData("192.0.2.1:80", false)]
    public void The_dashboard_is_served_beyond_this_machine_only_with_a_password(string http, bool served)
    {
        Assert.Equal(served, Complete(("Kad:Http", http)).Settings.ServesDashboard);
        Assert.True(Complete(("Kad:Http", http), ("Kad:Dashboard:User", "me"), ("Kad:Dashboard:Password", "secret")).Settings.ServesDashboard);
    }

    [Fact]
    public void Port_0_takes_a_free_port()
    {
        var (_, filled) = Complete(("Kad:Silo:Port", "0"), ("Kad:Silo:GatewayPort", "0"));

        Assert.NotEqual("0", filled["Orleans:Endpoints:SiloPort"]);
        Assert.NotEqual("0", filled["Orleans:Endpoints:GatewayPort"]);
    }

    private static (KadOptions Settings, Dictionary<string, string?> Filled) Complete(params (string Key, string Value)[] given)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(given.Select(g => KeyValuePair.Create<string, string?>(g.Key, g.Value)))
            .Build();
        var settings = KadSettings.ReadSilo(configuration);
        var filled = ClusterProviders.FillInSilo(configuration, settings, new KadProviders());
        var options = new KadClusterOptions();
        SiloHost.Bind(configuration, options);
        return new KadClusterOptionsValidator().Validate(null, options) is { Failed: true } result
            ? throw new OptionsValidationException(string.Empty, typeof(KadClusterOptions), result.Failures)
            : (settings, filled);
    }
}
