using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SettingsTests
{
    private const string User = "Kad:Dashboard:User=me";
    private const string Password = "Kad:Dashboard:Password=secret";
    private const string Certificate = "Kad:Tls:Certificate=/tls/tls.crt";
    private const string Key = "Kad:Tls:Key=/tls/tls.key";
    private const string Thumbprint = "Kad:Tls:Store:Thumbprint=0123456789abcdef0123456789abcdef01234567";
    private const string OneCertificate = ", and one certificate is needed: ";

    [Theory]
    [InlineData("Kad:Htp is not a setting; ", "Kad:Htp=1")]
    [InlineData("Kad:Silo:Prt is not a setting; ", "Kad:Silo:Prt=1")]
    [InlineData("Kad:Data:Folder is not a setting; ", "Kad:Data:Folder=x")]
    [InlineData("Kad:Cluster:Shards is not a setting; Kad:Cluster:Gateway, ", "Kad:Cluster:Shards=8")]
    [InlineData("Kad:Cluster:Quota:Keys is not a setting; Kad:Cluster:Quota:TotalKeys, ", "Kad:Cluster:Quota:Keys=8")]
    [InlineData("Kad:Edge:Bootsrap is not a setting; ", "Kad:Storage=PostgreSql", "Kad:Edge:Bootsrap=a:1")]
    [InlineData("Kad:Edge:Listen:port is not a setting; ", "Kad:Edge:Listen:port=1")]
    [InlineData(
        "Kad:Telemetry:Endpint is not a setting; Kad:Telemetry:Endpoint is. Did you mean 'Kad:Telemetry:Endpoint'?",
        "Kad:Telemetry:Endpint=http://127.0.0.1:9")]
    [InlineData("Kad:Tls:Certificat is not a setting; Kad:Tls:Certificate, Kad:Tls:Key, ", "Kad:Tls:Certificat=/tls/tls.crt")]
    [InlineData("Kad:Storage is 'PostgresSql'; did you mean PostgreSql? Local, PostgreSql, AzureStorage are allowed.", "Kad:Storage=PostgresSql")]
    [InlineData(
        "Kad:Clustering is 'Paper'; Local, PostgreSql, AzureStorage, Redis are allowed.",
        "Kad:Storage=PostgreSql", "Kad:PostgreSql:ConnectionString=Host=db", "Kad:Clustering=Paper")]
    [InlineData(
        "Orleans:GrainStorage:Kad:ProviderType is 'DynamoDB'; Local, PostgreSql, AzureStorage are allowed.",
        "Orleans:GrainStorage:Kad:ProviderType=DynamoDB")]
    [InlineData(
        "Orleans:GrainStorage:Default is set, and a silo keeps its state in Orleans:GrainStorage:Kad; ",
        "Orleans:GrainStorage:Default:ProviderType=PostgresDatabase")]
    [InlineData("Kad:Storage is '1'; ", "Kad:Storage=1")]
    [InlineData("Kad:PostgreSql:ConnectionString is missing; Kad:Storage=PostgreSql needs it.", "Kad:Storage=PostgreSql")]
    [InlineData(
        "Kad:PostgreSql:ConnectionString is missing; PostgreSql, which Orleans:GrainStorage:Kad is on, needs it.",
        "Orleans:GrainStorage:Kad:ProviderType=AdoNet")]
    [InlineData("Kad:PostgreSql:ConnectionString is missing; ", "Orleans:Clustering:ProviderType=AdoNet")]
    [InlineData(
        "Orleans:GrainStorage:Kad:ProviderType means Local, a file, which is for a single silo, "
            + "but Orleans:Clustering:ProviderType means PostgreSql; ",
        "Orleans:GrainStorage:Kad:ProviderType=Sqlite", "Orleans:Clustering:ProviderType=AdoNet")]
    [InlineData(
        "Kad:Storage is 'PostgreSql', and Orleans:GrainStorage:Kad:ProviderType is 'AzureTableStorage'; both name the same thing, so ",
        "Kad:Storage=PostgreSql", "Orleans:GrainStorage:Kad:ProviderType=AzureTableStorage")]
    [InlineData(
        "Kad:Clustering is 'Local', and Orleans:Clustering:ProviderType is 'PostgresDatabase'; ",
        "Kad:Clustering=Local", "Orleans:Clustering:ProviderType=PostgresDatabase")]
    [InlineData("Kad:Silo:Port is '1', and Orleans:Endpoints:SiloPort is '2'; ", "Kad:Silo:Port=1", "Orleans:Endpoints:SiloPort=2")]
    [InlineData(
        "Orleans:GrainStorage:Kad:Invariant is 'System.Data.SqlClient', and Orleans:GrainStorage:Kad:ProviderType is 'AdoNet'; Npgsql, for PostgreSQL, is allowed.",
        "Orleans:GrainStorage:Kad:ProviderType=AdoNet", "Orleans:GrainStorage:Kad:Invariant=System.Data.SqlClient")]
    [InlineData("Kad:Role is 'Both'; Silo, Edge, SiloAndEdge are allowed.", "Kad:Role=Both")]
    [InlineData("Kad:Edge:Enabled is '1'; true or false is allowed.", "Kad:Edge:Enabled=1")]
    [InlineData("Kad:Edge:Enabled is 'true'; with Kad:Role=Silo only false is allowed, or none.", "Kad:Role=Silo", "Kad:Edge:Enabled=true")]
    [InlineData(
        "Kad:Edge:Enabled is 'false'; with Kad:Role=SiloAndEdge only true is allowed, or none.",
        "Kad:Role=SiloAndEdge", "Kad:Edge:Enabled=false")]
    [InlineData("Kad:Edge:Name is not UTF-8 text, which each setting must be.", "Kad:Edge:Name=K\ufffdln")]
    [InlineData("Kad:Cluster:GatewayKey is not UTF-8 text", "Kad:Cluster:GatewayKey=\ufffd")]
    [InlineData("Kad:Verbose is 'yes'; true or false is allowed.", "Kad:Verbose=yes")]
    [InlineData("Kad:Silo:Address is '0.0.0.0'; ", "Kad:Silo:Address=0.0.0.0")]
    [InlineData("Kad:Silo:Port is 65536; 0 to 65535 is allowed.", "Kad:Silo:Port=65536")]
    [InlineData("Kad:Silo:GatewayPort is 'x'; a whole number is needed.", "Kad:Silo:GatewayPort=x")]
    [InlineData("Kad:Cluster:Kademlia:RepublishInterval is 'abc'; a time such as 00:00:10 is needed.", "Kad:Cluster:Kademlia:RepublishInterval=abc")]
    [InlineData("Kad:Cluster:Quota:KeptKeys is '1e3'; a whole number is needed.", "Kad:Cluster:Quota:KeptKeys=1e3")]
    [InlineData("Kad:Cluster:Quota:TotalKeys is '3000000000'; a whole number of at most 2147483647 is needed.", "Kad:Cluster:Quota:TotalKeys=3000000000")]
    [InlineData("Kad:Http is '80800'; IP:PORT or PORT is needed, such as 127.0.0.1:8080 or 8080", "Kad:Http=80800")]
    [InlineData("Kad:Http is '127.0.0.1'; ", "Kad:Http=127.0.0.1")]
    [InlineData("Kad:Http is 'example.org:80'; ", "Kad:Http=example.org:80")]
    [InlineData("Kad:Http:Hosts is 'kad.example.org:80'; host names without a port are needed", "Kad:Http:Hosts=kad.example.org:80")]
    [InlineData("Kad:Dashboard:Password is missing; ", User)]
    [InlineData("Kad:Dashboard:User is missing; ", Password)]
    [InlineData("Kad:Dashboard:Password is missing; ", User, "Kad:Dashboard:Password=\n")]
    [InlineData("Kad:Dashboard:User is missing; ", "Kad:Dashboard:User= ", Password)]
    [InlineData("Kad:Dashboard:User is 'a:b'; ", "Kad:Dashboard:User=a:b", Password)]
    [InlineData("Kad:Telemetry:Endpoint is 'collector'; the http://", "Kad:Telemetry:Endpoint=collector")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT is 'collector'; ", "OTEL_EXPORTER_OTLP_ENDPOINT=collector")]
    [InlineData("Kad:Cluster:ShardBits is 'twelve'; a whole number is needed.", "Kad:Cluster:ShardBits=twelve")]
    [InlineData("Kad:Cluster:ShardBits is 17; 0 to 16 is allowed.", "Kad:Cluster:ShardBits=17")]
    [InlineData("Kad:Cluster:ShardBits is -1; ", "Kad:Cluster:ShardBits=-1")]
    [InlineData("Kad:Cluster:SaveDelay is 00:01:00; ", "Kad:Cluster:SaveDelay=00:01:00")]
    [InlineData("Kad:Cluster:Trust is 'everyone'; ", "Kad:Cluster:Trust:0=everyone")]
    [InlineData("Kad:Cluster:Gateway is '127.0.0.1'; ", "Kad:Cluster:Gateway=127.0.0.1")]
    [InlineData("Kad:Cluster:Gateway is '127.0.0.1:0'; ", "Kad:Cluster:Gateway=127.0.0.1:0")]
    [InlineData("Kad:Edge:MaxStaleness is 00:00:00.9000000; 00:00:01 to 00:01:00, or 0, is allowed.", "Kad:Edge:MaxStaleness=00:00:00.9")]
    [InlineData("Kad:Edge:MaxStaleness is 2.00:00:00; ", "Kad:Edge:MaxStaleness=2.00:00:00")]
    [InlineData("Kad:Edge:MaxStaleness is '2'; a time such as 00:00:10 is needed, as a number alone would be days.", "Kad:Edge:MaxStaleness=2")]
    [InlineData("Kad:Edge:MaxStaleness is -00:00:02; ", "Kad:Edge:MaxStaleness=-00:00:02")]
    [InlineData(
        "Kad:Edge:MaxOutageStaleness is 00:05:01; 00:00:01 to 00:05:00, or 0, is allowed.",
        "Kad:Edge:MaxOutageStaleness=00:05:01")]
    [InlineData("Kad:Edge:Listen is 'nowhere'; ", "Kad:Storage=PostgreSql", "Kad:Edge:Listen=nowhere")]
    [InlineData("more than once", "Kad:Edge:Listen=127.0.0.1:1,127.0.0.1:1")]
    [InlineData("Kad:Edge:Listen is '127.0.0.1:1,127.0.0.1:2'; 3 node ids need ", "Kad:Edge:NodeIds=3", "Kad:Edge:Listen=127.0.0.1:1,127.0.0.1:2")]
    [InlineData("Kad:Edge:Listen is '127.0.0.1:65535'; 2 ports are needed", "Kad:Edge:NodeIds=2", "Kad:Edge:Listen=127.0.0.1:65535")]
    [InlineData("Kad:Edge:NodeIds is 0; 1 to 64 is allowed.", "Kad:Edge:NodeIds=0")]
    [InlineData("Kad:Edge:NodeIds is 65; ", "Kad:Edge:NodeIds=65")]
    [InlineData("Kad:Edge:NodeIds is 'many'; ", "Kad:Edge:NodeIds=many")]
    [InlineData("Kad:Edge:Name is 'a\u0001b'; ", "Kad:Edge:Name=a\u0001b")]
    [InlineData("Kad:Edge:Bootstrap: 'host' is not HOST:PORT", "Kad:Edge:Bootstrap=host")]
    [InlineData("Kad:Edge:Trust is '10.0.0.0/99'; ", "Kad:Edge:Trust=10.0.0.0/99")]
    [InlineData("Kad:Edge:UploadPerEndpoint is 16383; 16384 to 1000000000000, or 0, is allowed.", "Kad:Edge:UploadPerEndpoint=16383")]
    [InlineData("Kad:Edge:Upload is 'fast'; ", "Kad:Edge:Upload=fast")]
    [InlineData("Kad:Tls:Key is missing; Kad:Tls:Certificate is '/tls/tls.crt', and", Certificate)]
    [InlineData("Kad:Tls:Key is '/tls/tls.key'" + OneCertificate, Key)]
    [InlineData("Kad:Tls:Authority is '/tls/ca.crt'" + OneCertificate, "Kad:Tls:Authority=/tls/ca.crt")]
    [InlineData("Kad:Tls:Name is 'kad'" + OneCertificate, "Kad:Tls:Name=kad")]
    [InlineData("Kad:Tls:Name is '10.0.0.4'; the DNS name is needed", Certificate, Key, "Kad:Tls:Name=10.0.0.4")]
    [InlineData("Kad:Tls:Name is missing, and Orleans:ClusterId, its default, is 'my cluster'; ", Certificate, Key, "Orleans:ClusterId=my cluster")]
    [InlineData("Kad:Tls:Store:Subject is 'kad'" + OneCertificate, Certificate, Key, "Kad:Tls:Store:Subject=kad")]
    [InlineData("Kad:Tls:Store:Location is 'CurrentUser'" + OneCertificate, Certificate, Key, "Kad:Tls:Store:Location=CurrentUser")]
    [InlineData("Kad:Tls:Key is '/tls/tls.key'; Kad:Tls:Store:Thumbprint names a certificate in a store", Thumbprint, Key)]
    [InlineData("Kad:Tls:Store:Location is '1'; CurrentUser, LocalMachine are allowed.", Thumbprint, "Kad:Tls:Store:Location=1")]
    [InlineData("Kad:Tls:Store:Thumbprint is '0123'; 40 hexadecimal digits are needed.", "Kad:Tls:Store:Thumbprint=0123")]
    public void A_mistake_is_named_in_a_sentence(string sentence, params string[] settings)
    {
        var mistake = Assert.Single(Assert.Throws<OptionsValidationException>(() => Complete(settings)).Failures);

        Assert.Contains(sentence, mistake, StringComparison.Ordinal);
        Assert.Matches("[.?]$", mistake);
        Assert.DoesNotContain("secret", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_mistake_is_told()
    {
        var mistakes = Assert.Throws<OptionsValidationException>(() => Complete("Kad:Edge:Listen=x", "Kad:Edge:Trust=x", "Kad:Http=x"));
        Assert.Equal(3, mistakes.Failures.Count());
    }

    [Fact]
    public void Settings_of_the_cluster_reach_its_grains()
    {
        var options = new KadClusterOptions();
        var given = Read(
            "Kad:Cluster:ShardBits=5", "Kad:Cluster:Quota:TotalKeys=77", "Kad:Cluster:EdgeTimeout=00:00:02", "Kad:Cluster:Trust:0=10.0.0.0/8");
        SiloHost.Bind(given, options);

        Assert.Equal((5, 77, TimeSpan.FromSeconds(2)), (options.ShardBits, options.Quota.TotalKeys, options.EdgeTimeout));
        Assert.Equal(["10.0.0.0/8"], options.Trust);

        // Of an environment variable that is set to nothing.
        SiloHost.Bind(Read("Kad:Cluster:ShardBits=", "Kad:Cluster:Quota:TotalKeys= ", "Kad:Cluster:EdgeTimeout="), options);
        Assert.Equal((5, 77, TimeSpan.FromSeconds(2)), (options.ShardBits, options.Quota.TotalKeys, options.EdgeTimeout));

        // The binder visits every property, given or not.
        var others = new KadClusterOptions();
        SiloHost.Bind(Read("Kad:Cluster:Quota:TotalKeys=77"), others);
        Assert.Null(others.ShardBits);
    }

    [Fact]
    public void Parts_of_a_quota_that_are_not_set_follow_from_its_total()
    {
        var options = new KadClusterOptions();
        SiloHost.Bind(Read("Kad:Cluster:Quota:TotalKeys=100", "Kad:Cluster:Quota:KeysPerSubnet=7", "Kad:Cluster:Quota:ReservePercent=5"), options);
        Assert.Equal(
            StoreQuota.OfTotal(100, new StoreQuota().TotalBytes) with { KeysPerSubnet = 7, ReservePercent = 5 }, options.Quota);
        Assert.Equal((10, 10, 10), (options.Quota.KeysPerSource, options.Quota.KeysPerOwner, options.Quota.KeptKeys));

        options = new KadClusterOptions();
        SiloHost.Bind(Read("Kad:Cluster:Quota:KeysPerOwner=7"), options);
        Assert.Equal(new StoreQuota { KeysPerOwner = 7 }, options.Quota);
    }

    [Theory]
    [InlineData("8080", "127.0.0.1:8080")]
    [InlineData(":8080", "127.0.0.1:8080")]
    [InlineData("localhost:8080", "127.0.0.1:8080")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("[::1]:80", "[::1]:80")]
    public void Where_HTTP_is_served_means_the_same_to_a_silo_and_to_an_edge(string http, string expected)
    {
        Assert.Equal(IPEndPoint.Parse(expected), Silo($"Kad:Http={http}").Http.EndPoint);
        Assert.Equal(IPEndPoint.Parse(expected), KadSettings.ReadEdge(Read($"Kad:Http={http}"), new KadProviders().Known).Http.EndPoint);
    }

    [Theory]
    [InlineData("static", KadOptions.LocalStorage)]
    [InlineData("localhost", KadOptions.LocalStorage)]
    [InlineData(" ", KadOptions.LocalStorage)]
    [InlineData("adonet", PostgreSqlProvider.StorageName)]
    [InlineData("postgresql", PostgreSqlProvider.StorageName)]
    [InlineData("AzureTableStorage", AzureStorageProvider.StorageName)]
    public void Where_state_is_kept_means_the_same_to_a_silo_and_to_an_edge(string value, string expected)
    {
        Assert.Equal(expected, Silo($"Kad:Storage={value}").Storage);
        Assert.Equal(expected, KadSettings.ReadEdge(Read($"Kad:Storage={value}"), new KadProviders().Known).Clustering);
    }

    [Fact]
    public void No_provider_replaces_another()
    {
        var providers = new KadProviders().Add(new OtherStorage("Paper"));

        Assert.Contains(
            "'paper' is there already",
            Assert.Throws<InvalidOperationException>(() => providers.Add(new OtherStorage("paper"))).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => providers.Add(new OtherStorage("PostgreSql")));
        Assert.Throws<InvalidOperationException>(() => providers.Add(new OtherStorage("AdoNet")));
        Assert.Throws<InvalidOperationException>(() => providers.Add(new OtherStorage("Papyrus")));
        foreach (var section in (string[])["sheets", "Redis", "Http", "cluster"])
        {
            Assert.StartsWith(
                $"The section 'Kad:{section}' is there already, by ",
                Assert.Throws<InvalidOperationException>(() => providers.Add(new OtherStorage("Clay", "Tablet", section))).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_storage_of_another_package_has_a_section_and_names_of_its_own()
    {
        var providers = new KadProviders().Add(new OtherStorage("Paper"));
        var given = Read("Kad:Storage=papyrus", "Kad:Sheets:Count=3", "Kad:Sheets:Shelves=a,b", "Kad:Sheets:Shelves:0=c");
        var read = KadSettings.ReadSilo(given, providers.Known);

        Assert.Equal("Paper", read.Storage);
        Assert.Equal("Paper", ClusterProviders.FillInSilo(given, read, providers)["Orleans:GrainStorage:Kad:ProviderType"]);
        var sheets = KadSettings.ReadSection<Sheets>(given, "Sheets");
        Assert.Equal(3, sheets.Count);
        Assert.Equal(["a", "b", "c"], sheets.Shelves);
        Assert.Contains("Sheets:Count", KadSettings.NamesWith(providers.Known));
        Assert.Equal(
            [
                "Kad:Sheets:Cuont is not a setting; Kad:Sheets:Count, Kad:Sheets:Shelves, Kad:Sheets:Shelves:# are. Did you mean 'Kad:Sheets:Count'?",
                "Kad:Sheets:Count is 'x'; a whole number is needed.",
            ],
            Mistakes(() => KadSettings.ReadSilo(Read("Kad:Sheets:Cuont=1", "Kad:Sheets:Count=x"), providers.Known)).Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(
            "Kad:Sheets:Count is 501; 0 to 500 is allowed.",
            Assert.Single(Mistakes(() => KadSettings.ReadSection<Sheets>(Read("Kad:Sheets:Count=501"), "Sheets"))));
        Assert.StartsWith(
            "Kad:Sheets:Count is not a setting; ",
            Assert.Single(Mistakes(() => KadSettings.ReadSilo(Read("Kad:Sheets:Count=1"), new KadProviders().Known))),
            StringComparison.Ordinal);

        static IEnumerable<string> Mistakes(Func<object> read) => Assert.Throws<OptionsValidationException>(read).Failures;
    }

    [Fact]
    public void A_storage_of_another_package_fills_in_each_part_that_a_setting_gives_it()
    {
        var given = Read("Kad:Storage=PostgreSql", "Kad:PostgreSql:ConnectionString=Host=db", "Kad:Clustering=paper");
        var providers = new KadProviders().Add(new OtherStorage("Paper"));
        var filled = ClusterProviders.FillInSilo(given, KadSettings.ReadSilo(given, providers.Known), providers);

        Assert.Equal(
            ("PostgreSql", "Paper", "Paper"),
            (filled["Orleans:GrainStorage:Kad:ProviderType"], filled["Orleans:Clustering:ProviderType"], filled["Orleans:Reminders:ProviderType"]));
    }

    [Theory]
    [InlineData(OrleansSettings.Storage, "PostgreSql or AzureStorage or Redis is needed as Kad:Clustering.", "Kad:Storage=Paper")]
    [InlineData(OrleansSettings.Clustering, "PostgreSql or AzureStorage is needed as Kad:Storage.", "Kad:Storage=Paper", "Kad:Clustering=PostgreSql")]
    [InlineData(
        OrleansSettings.Storage,
        "Redis is needed as Orleans:GrainDirectory:x:ProviderType.",
        "Kad:Storage=Paper", "Kad:Clustering=Redis", "Kad:Redis:ConnectionString=redis:6379", "Orleans:GrainDirectory:x:ProviderType=Paper")]
    [InlineData(
        OrleansSettings.Storage,
        "PostgreSql or AzureStorage or Redis is needed as Orleans:Reminders:ProviderType.",
        "Kad:Storage=PostgreSql", "Orleans:Reminders:ProviderType=Paper")]
    public void A_storage_that_cannot_keep_a_part_is_refused_with_those_that_can(string part, string needed, params string[] settings)
    {
        var providers = new KadProviders().Add(new OtherStorage("Paper", part: part));
        var given = Read([.. settings, "Kad:PostgreSql:ConnectionString=Host=db"]);

        var mistake = Assert.Single(Assert.Throws<OptionsValidationException>(
            () => ClusterProviders.FillInSilo(given, KadSettings.ReadSilo(given, providers.Known), providers)).Failures);

        Assert.EndsWith($" is 'Paper', which keeps one part alone; {needed}", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void One_file_may_have_the_settings_of_silos_and_edges()
    {
        var configuration = Read([.. KadSettings.NamesWith(new KadProviders().Known)
            .Where(name => name.StartsWith("Cluster:", StringComparison.Ordinal) || name is "Verbose" or "Silo:Port" or "Data")
            .Select(name => $"Kad:{name.Replace('#', '0')}={(name == "Cluster:Trust:#" ? "10.0.0.0/8" : string.Empty)}")]);

        KadSettings.ReadSilo(configuration, new KadProviders().Known);
        KadSettings.ReadEdge(configuration, new KadProviders().Known);
    }

    [Fact]
    public void Each_option_of_the_cluster_is_a_setting_and_there_are_no_others()
    {
        var options = OptionsOf(typeof(KadClusterOptions), "Cluster:").Select(static option => option.Name).Append("Cluster:Gateway").Append("Cluster:Gateway:#").Order();

        Assert.Equal(options, KadSettings.NamesWith(new KadProviders().Known).Where(name => name.StartsWith("Cluster:", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Each_option_of_the_cluster_takes_what_its_type_has_and_names_it_where_it_is_given_something_else()
    {
        var options = OptionsOf(typeof(KadClusterOptions), "Kad:Cluster:").Where(static option => option.Type.IsValueType).ToList();
        Assert.Contains(("Kad:Cluster:Quota:TotalKeys", typeof(int)), options);
        Assert.All(options, option =>
        {
            var (taken, needed) = option.Type == typeof(TimeSpan) ? ("1.00:00:05", "a time such as 00:00:10")
                : option.Type == typeof(long) ? ("3000000000", "a whole number")
                : option.Type == typeof(int) ? ("300000000", "a whole number")
                : throw new UnreachableException($"{option}");
            KadSettings.ReadSilo(Read($"{option.Name}={taken}"), new KadProviders().Known);
            var mistake = Assert.Throws<OptionsValidationException>(() => KadSettings.ReadSilo(Read($"{option.Name}=x"), new KadProviders().Known));
            Assert.Equal($"{option.Name} is 'x'; {needed} is needed.", mistake.Message);
        });
    }

    [Fact]
    public void Without_settings_a_whole_cluster_runs_on_this_machine()
    {
        var (settings, filled) = Complete();

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 8080), settings.Http.EndPoint);
        Assert.Equal((true, true), (settings.HasEdge, settings.ServesDashboard));
        Assert.Null(settings.Tls);
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
        var (settings, filled) = Complete("Kad:Storage=adonet", "Kad:PostgreSql:ConnectionString=Host=db");

        Assert.False(settings.HasEdge);
        foreach (var provider in new[] { "Orleans:Clustering", "Orleans:GrainStorage:Kad", "Orleans:Reminders" })
        {
            Assert.Equal(provider.EndsWith("Kad", StringComparison.Ordinal) ? "PostgreSql" : "AdoNet", filled[$"{provider}:ProviderType"]);
            Assert.Equal("Npgsql", filled[$"{provider}:Invariant"]);
            Assert.Equal("Host=db;Keepalive=30;No Reset On Close=True", filled[$"{provider}:ConnectionString"]);
        }

        Assert.DoesNotContain("Orleans:Endpoints:AdvertisedIPAddress", filled.Keys);
        Assert.Equal("00:00:02", filled["Orleans:Membership:ProbeTimeout"]);
        Assert.Equal("00:00:05", filled["Orleans:Membership:MaxProbeTimeout"]);
        Assert.Equal("00:00:15", filled["Orleans:Membership:TableRefreshTimeout"]);
    }

    [Theory]
    [InlineData("Host=db;keepalive=5", "Host=db;Keepalive=5;No Reset On Close=True")]
    [InlineData("Host=db;KeepAlive=0;No Reset On Close=false", "Host=db;Keepalive=0;No Reset On Close=False")]
    public void A_connection_string_to_PostgreSQL_keeps_what_it_says_for_silos_and_edges(string given, string expected)
    {
        string[] settings = ["Kad:Storage=PostgreSql", $"Kad:PostgreSql:ConnectionString={given}"];
        var edge = Read(["Kad:Role=Edge", .. settings]);

        Assert.Equal(expected, Complete(settings).Filled["Orleans:GrainStorage:Kad:ConnectionString"]);
        Assert.Equal(
            expected,
            ClusterProviders.FillInEdge(edge, KadSettings.ReadEdge(edge, new KadProviders().Known), new KadProviders())["Orleans:Clustering:ConnectionString"]);
    }

    [Theory]
    [InlineData("AdoNet", "Kad:Storage=PostgreSql", "Kad:PostgreSql:ConnectionString=Host=db")]
    [InlineData("PostgreSql", "Kad:Storage=PostgreSql", "Kad:PostgreSql:ConnectionString=Host=db")]
    [InlineData(
        "adonet",
        "Orleans:GrainStorage:Kad:Invariant=Npgsql", "Orleans:Clustering:ProviderType=AdoNet", "Orleans:Clustering:ConnectionString=Host=db")]
    public void Grain_state_of_AdoNet_is_in_this_projects_storage(string type, params string[] settings)
    {
        var (_, filled) = Complete([$"Orleans:GrainStorage:Kad:ProviderType={type}", .. settings]);

        Assert.Equal("PostgreSql", filled.GetValueOrDefault("Orleans:GrainStorage:Kad:ProviderType", type));
    }

    [Fact]
    public void Settings_of_Orleans_itself_are_kept_and_port_0_takes_a_free_port()
    {
        var (_, filled) = Complete(
            "Orleans:ClusterId=mine", "Orleans:Endpoints:SiloPort=4000", "Orleans:Reminders:ProviderType=AdoNet",
            "Orleans:Reminders:ConnectionString=Host=db", "Kad:Silo:GatewayPort=0");

        Assert.Empty(filled.Keys.Intersect(["Orleans:ClusterId", "Orleans:Endpoints:SiloPort"]));
        Assert.Equal("AdoNet", filled["Orleans:Reminders:ProviderType"]);
        Assert.Equal("kad", filled["Orleans:ServiceId"]);
        Assert.NotEqual("0", filled["Orleans:Endpoints:GatewayPort"]);
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
        Assert.Equal(served, Silo($"Kad:Http={http}").ServesDashboard);
        Assert.Equal(served, Silo($"Kad:Http={http}", "Kad:Dashboard:User= ", "Kad:Dashboard:Password= ").ServesDashboard);
        Assert.True(Silo($"Kad:Http={http}", User, Password).ServesDashboard);
    }

    [Theory]
    [InlineData(true, "Kad:Storage=Local")]
    [InlineData(false, "Kad:Storage=PostgreSql")]
    [InlineData(false, "Kad:Edge:Enabled=false")]
    [InlineData(true, "Kad:Edge:Enabled=true", "Kad:Storage=PostgreSql")]
    [InlineData(false, "Kad:Role=Silo")]
    [InlineData(true, "Kad:Role=siloandedge", "Kad:Storage=PostgreSql")]
    [InlineData(true, "Kad:Role=SiloAndEdge", "Kad:Edge:Enabled=true", "Kad:Storage=PostgreSql")]
    [InlineData(false, "Kad:Role=Silo", "Kad:Edge:Enabled=false")]
    public void The_role_says_whether_a_silo_has_an_edge_and_without_one_Enabled_does(bool hasEdge, params string[] settings)
    {
        Assert.False(KadSettings.IsEdge(Read(settings)));
        Assert.Equal(hasEdge, Silo(settings).HasEdge);
    }

    [Fact]
    public void An_edge_ignores_Enabled()
    {
        var configuration = Read("Kad:Role= edge", "Kad:Edge:Enabled=true");

        Assert.True(KadSettings.IsEdge(configuration));
        Assert.Equal(ServerRole.Edge, KadSettings.ReadEdge(configuration, new KadProviders().Known).Role);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true, "Kad:Http:Tokens=tokens.json")]
    [InlineData(true, "Kad:Http:Oidc:Authority=https://login.example.org", "Kad:Http:Oidc:ClientId=kad", "Kad:Http:Oidc:Roles:Read=staff")]
    public void An_edge_serves_the_api_to_tokens_and_users_alone_and_makes_no_token(bool expected, params string[] settings) =>
        Assert.Equal(expected, KadSettings.ReadEdge(Read(["Kad:Role=Edge", .. settings]), new KadProviders().Known).ServesApi);

    [Fact]
    public void An_edge_without_settings_has_defaults()
    {
        var options = Edge();
        Assert.Equal(Environment.MachineName, options.Name);
        Assert.Equal([UdpEndpoint.Parse("0.0.0.0:8468")], options.Endpoints);
        Assert.Empty(options.Bootstrap.Concat(options.Trust));
        Assert.Equal(new UploadLimits(), options.ToNodeOptions(new KademliaOptions()).Upload);
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30)), (options.MaxStaleness, options.MaxOutageStaleness));
        Assert.Equal((options.Name, 1), (Edge("Name= ", "NodeIds=").Name, Edge("NodeIds= ").Endpoints.Count));
    }

    [Theory]
    [InlineData("0.0.0.0:8468 0.0.0.0:8469 0.0.0.0:8470", "NodeIds=3", "Listen=0.0.0.0:8468")]
    [InlineData("127.0.0.1:0 127.0.0.1:0", "NodeIds=2", "Listen=127.0.0.1:0")]
    [InlineData("[::1]:9 127.0.0.1:9", "NodeIds=2", "Listen=[::1]:9, 127.0.0.1:9")]
    [InlineData("127.0.0.1:9 127.0.0.1:11", "Listen=127.0.0.1:9,127.0.0.1:11")]
    [InlineData("0.0.0.0:8468 0.0.0.0:8469", "NodeIds=2")]
    [InlineData("127.0.0.1:65535", "NodeIds=1", "Listen=127.0.0.1:65535")]
    public void Each_id_gets_an_endpoint(string expected, params string[] settings) =>
        Assert.Equal(expected, string.Join(' ', Edge(settings).Endpoints));

    [Fact]
    public void Lists_may_be_sections_whose_entries_come_behind_those_of_a_text()
    {
        var options = Edge("Bootstrap:1=d.example:4", "Bootstrap:0=10.0.0.1:3", "Bootstrap=a.example:1,b.example:2", "Trust:0=10.0.0.0/8");
        Assert.Equal(["a.example:1", "b.example:2", "10.0.0.1:3", "d.example:4"], options.Bootstrap);
        Assert.Equal(["10.0.0.0/8"], options.Trust);
    }

    [Theory]
    [InlineData("0", "0", 0, 0)]
    [InlineData("00:00:01", "00:00:01", 1, 1)]
    [InlineData("00:01:00", "00:05:00", 60, 300)]
    public void The_age_and_the_bytes_of_answers_are_bounded(string age, string inOutage, int seconds, int secondsInOutage)
    {
        var options = Edge($"MaxStaleness={age}", $"MaxOutageStaleness={inOutage}", "UploadPerEndpoint=0", "Upload=5000000");
        Assert.Equal(
            (TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(secondsInOutage)), (options.MaxStaleness, options.MaxOutageStaleness));
        Assert.Equal(new UploadLimits { PerEndpoint = 0, Total = 5_000_000 }, options.ToNodeOptions(new KademliaOptions()).Upload);
    }

    [Fact]
    public void Files_of_TLS_are_taken_and_the_name_is_the_clusters_unless_given()
    {
        Assert.Null(Silo("Kad:Tls:Certificate= ").Tls);
        Assert.Equal(new KadTlsOptions { Certificate = "/tls/tls.crt", Key = "/tls/tls.key", Name = "kad" }, Silo(Certificate, Key).Tls);
        Assert.Equal("dht", Silo(Certificate, Key, "Orleans:ClusterId=dht").Tls!.Name);
        Assert.Equal("silos.example.org", Silo(Certificate, Key, "Orleans:ClusterId=dht", "Kad:Tls:Name=silos.example.org").Tls!.Name);
    }

    [Fact]
    public void A_store_of_certificates_is_taken()
    {
        var store = Silo("Kad:Tls:Store:Subject=kad-silo", "Kad:Tls:Store:Location=localMachine", "Kad:Tls:Authority=/tls/ca.crt").Tls!;

        Assert.Equal(new StoreCertificate { Location = StoreLocation.LocalMachine, Subject = "kad-silo" }, store.Store);
        Assert.Equal("/tls/ca.crt", store.Authority);
    }

    private static IConfigurationRoot Read(params string[] settings) => new ConfigurationBuilder().AddCommandLine(settings).Build();

    private static KadOptions Silo(params string[] settings) => KadSettings.ReadSilo(Read(settings), new KadProviders().Known);

    private static EdgeOptions Edge(params string[] settings) =>
        KadSettings.ReadEdge(Read([.. settings.Select(setting => $"Kad:Edge:{setting}")]), new KadProviders().Known).Edge;

    private static (KadOptions Settings, Dictionary<string, string?> Filled) Complete(params string[] given)
    {
        var configuration = Read(given);
        var settings = KadSettings.ReadSilo(configuration, new KadProviders().Known);
        var filled = ClusterProviders.FillInSilo(configuration, settings, new KadProviders());
        var options = new KadClusterOptions();
        SiloHost.Bind(configuration, options);
        return new KadClusterOptionsValidator().Validate(null, options) is { Failed: true } result
            ? throw new OptionsValidationException(string.Empty, typeof(KadClusterOptions), result.Failures)
            : (settings, filled);
    }

    private sealed class Sheets
    {
        [Within(0, 500)]
        public int Count { get; set; }

        public IList<string> Shelves { get; } = [];
    }

    private sealed class OtherStorage(string name, string otherName = "Papyrus", string section = "Sheets", string? part = null) : IStorageProvider
    {
        public string Name => name;

        public IReadOnlyList<string> OtherNames => [otherName];

        public SettingSection Section => new(section, typeof(Sheets));

        public string? FindObstacle(string section) => part is null || part == section ? null : "which keeps one part alone";

        public void FillIn(OrleansSettings orleans, KadOptions options, string section, bool isSilo) =>
            orleans.Values[$"{section}:ProviderType"] = name;
    }

    // A list has the name and the type of its entries.
    private static IEnumerable<(string Name, Type Type)> OptionsOf(Type options, string prefix) => options
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany<PropertyInfo, (string, Type)>(property => property.PropertyType switch
        {
            var type when type == typeof(IList<string>) => [($"{prefix}{property.Name}:#", typeof(string))],
            { IsClass: true } type when type != typeof(string) => OptionsOf(type, $"{prefix}{property.Name}:"),
            var type => [($"{prefix}{property.Name}", Nullable.GetUnderlyingType(type) ?? type)],
        });
}
