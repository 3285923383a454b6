using System.Net.Http.Headers;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The documented commands that back a whole installation up and restore it, run as they are pasted: all values and tokens are
/// back.</summary>
public sealed class BackupTests : FolderTests, IDisposable
{
    private const string Page = "docs/maintenance.md";
    private const int Values = 64;

    private readonly OperatorsShell _shell = new();

    public new void Dispose()
    {
        _shell.Dispose();
        base.Dispose();
    }

    [Fact]
    [Needs(Need.PostgreSql | Need.OpenSsl)]
    public async Task An_installation_on_PostgreSQL_comes_back_in_an_empty_database_and_an_empty_cluster_of_Kubernetes()
    {
        _shell.Run("kubectl create namespace kad\nkubectl create namespace kad-edge");
        _shell.Run(OperatorsShell.Block("docs/install.md", "kad token add"));
        _shell.Run(string.Join('\n', OperatorsShell.Block("docs/install.md", "kubectl create namespace kad").Split('\n').Where(
            line => line.Contains("-key.env", StringComparison.Ordinal))));
        var keys = (Gateway: Key("kad", "gateway"), Silo: Key("kad", "silo"));
        var secret = await File.ReadAllTextAsync(_shell["operator.token"]);
        await using (var server = await PostgreSqlServer.StartAsync())
        {
            await using var silo = Silo(server.ConnectionString);
            await silo.StartAsync();
            await PutAsync(silo, secret);
            _shell.Run(WithDatabase(server.Address, "postgres", OperatorsShell.Block(Page, "pg_dump")));
            await silo.KillAsync();
        }

        // Nothing is left but what the backup made.
        Directory.Delete(_shell["secrets"], recursive: true);
        Directory.CreateDirectory(_shell["secrets"]);
        foreach (var file in (string[])["operator.token", "tokens.json", "gateway-key.env", "silo-key.env"])
        {
            File.Delete(_shell[file]);
        }

        await using var restored = await PostgreSqlServer.StartAsync();
        _shell.Run(WithDatabase(restored.Address, "postgres", "psql --quiet --command 'CREATE DATABASE restored' \"$DATABASE\""));
        _shell.Run(WithDatabase(restored.Address, "restored", OperatorsShell.Block(Page, "pg_restore")));
        await using var next = Silo(restored.ConnectionString.Replace("Database=postgres", "Database=restored", StringComparison.Ordinal));
        await next.StartAsync();

        await ReadAsync(next, _shell.Secret("kad", "kad-operator", "token")!);
        Assert.Equal(secret, _shell.Secret("kad", "kad-operator", "token"));
        Assert.Equal(keys, (Key("kad", "gateway"), Key("kad", "silo")));
        Assert.Equal(keys.Gateway, Key("kad-edge", "gateway"));
        Assert.Null(Key("kad-edge", "silo"));
        Assert.Equal(0, await next.StopAsync());
    }

    [Fact]
    [Needs(Need.OpenSsl)]
    public async Task A_silo_on_SQLite_comes_back_from_its_folder()
    {
        var (secret, token) = ApiToken.Create("operator", ApiScope.All);
        await File.WriteAllTextAsync(_shell["tokens.json"], ApiTokens.Write([token]));
        await using var silo = new SiloServer(_shell.Path, $"Kad:Http:Tokens={_shell["tokens.json"]}");
        await silo.StartAsync();
        await PutAsync(silo, secret);
        await silo.StopAsync();
        _shell.Run(OperatorsShell.Block(Page, "tar --create"));

        Directory.Delete(_shell["kad-cluster-data"], recursive: true);
        File.Delete(_shell["tokens.json"]);
        _shell.Run(OperatorsShell.Block(Page, "tar --extract"));

        await silo.StartAsync();
        await ReadAsync(silo, secret);
        Assert.Equal(0, await silo.StopAsync());
    }

    // A silo with what the Secrets have, as the manifests give it.
    private SiloServer Silo(string database)
    {
        var tokens = Path.Combine(Folder, "tokens.json");
        File.WriteAllText(tokens, _shell.Secret("kad", "kad-tokens", "tokens.json"));
        return new SiloServer(
            Folder,
            "Kad:Storage=PostgreSql",
            $"Kad:PostgreSql:ConnectionString={database}",
            $"Kad:Http:Tokens={tokens}",
            $"Kad:Cluster:GatewayKey={Key("kad", "gateway")}",
            $"Kad:Cluster:SiloKey={Key("kad", "silo")}");
    }

    private string? Key(string space, string part) =>
        _shell.Secret(space, $"kad-{part}-key", part == "silo" ? "Kad__Cluster__SiloKey" : "Kad__Cluster__GatewayKey");

    private static string WithDatabase(string address, string database, string lines) =>
        $"export DATABASE='host={address.Split(':')[0]} port={address.Split(':')[1]} dbname={database} user=postgres'\n{lines}";

    private static async Task PutAsync(SiloServer silo, string secret)
    {
        using var http = Client(silo, secret);
        for (var key = 0; key < Values; key++)
        {
            using var value = new StringContent($"value {key}");
            using var response = await http.PutAsync(new Uri($"/v1/keys/key-{key}?wait=durable", UriKind.Relative), value);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        }
    }

    private static async Task ReadAsync(SiloServer silo, string secret)
    {
        using var http = Client(silo, secret);
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
        for (var key = 0; key < Values; key++)
        {
            Assert.Equal($"value {key}", await http.GetStringAsync(new Uri($"/v1/keys/key-{key}", UriKind.Relative)));
        }

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "kad_0");
        using var refused = await http.GetAsync(new Uri("/v1/keys/key-0", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static HttpClient Client(SiloServer silo, string secret)
    {
        var http = new HttpClient { BaseAddress = new Uri(silo.Http.GetLeftPart(UriPartial.Authority)) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret.Trim());
        return http;
    }
}
