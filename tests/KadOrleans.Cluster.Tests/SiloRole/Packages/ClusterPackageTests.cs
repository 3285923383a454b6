using System.IO.Compression;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The packages of a cluster as a stranger installs them: from a folder, into a new program.</summary>
public sealed class ClusterPackageTests
{
    private static readonly string[] Expected =
    [
        "KadOrleans.Aspire.Hosting", "KadOrleans.Client", "KadOrleans.Core", "KadOrleans.Edge", "KadOrleans.GrainStorage.PostgreSql",
        "KadOrleans.GrainStorage.Sqlite", "KadOrleans.Grains", "KadOrleans.Http", "KadOrleans.Node", "KadOrleans.OpenTelemetry", "KadOrleans.Server",
        "KadOrleans.Shards", "KadOrleans.Signatures", "KadOrleans.Storage.Sqlite", "KadOrleans.Templates", "KadOrleans.Tool",
    ];

    /// <summary>A silo and its client in one process: keeps a value, or reads what an earlier run kept.</summary>
    private const string Source = """
        using KadOrleans;
        using KadOrleans.Client;
        using KadOrleans.Grains;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;
        using Microsoft.Extensions.Logging;

        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(int.Parse(args[1]), int.Parse(args[2]))
                .UseInMemoryReminderService()
                .AddSqliteGrainStorage(GrainStorageName.Kad, options => options.Folder = "grain-data")
                .UseKadGrains(options => options.ShardBits = 2);
            silo.AddKadClient();
        });
        using var host = builder.Build();
        await host.StartAsync();

        var dht = host.Services.GetRequiredService<IDht>();
        if (args[0] == "set")
        {
            await dht.SetAsync("greeting", "hello", SetAcknowledgement.Durable);
        }

        Console.WriteLine((await dht.GetAsync<string>("greeting")).Value);
        await host.StopAsync();
        """;

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_new_program_is_a_silo_and_its_client_from_the_packages_and_keeps_what_it_acknowledged()
    {
        using var program = new NewProgram();
        Assert.Equal(Expected, await program.PackAsync("KadOrleans.sln"));
        Assert.All(Directory.GetFiles(program.Feed, "*.nupkg"), DependsOnNoCompiler);
        program.Write(
            Source,
            ["KadOrleans.Client", "KadOrleans.Grains", "KadOrleans.GrainStorage.Sqlite"],
            "Microsoft.Orleans.Server", "Microsoft.Orleans.Reminders");

        Assert.EndsWith("hello", await RunAsync("set"), StringComparison.Ordinal);
        Assert.EndsWith("hello", await RunAsync("get"), StringComparison.Ordinal);

        Task<string> RunAsync(string what) => program.RunAsync(what, Port(), Port());
    }

    // Orleans' analyzers need them; a package of this project that named one would bind programs to its version.
    private static void DependsOnNoCompiler(string package)
    {
        using var content = ZipFile.OpenRead(package);
        using var reader = new StreamReader(Assert.Single(content.Entries, entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open());
        Assert.DoesNotMatch("<dependency id=\"(Humanizer|Microsoft\\.CodeAnalysis|System\\.Composition)", reader.ReadToEnd());
    }

    private static string Port() => FreePort.Tcp().ToString(CultureInfo.InvariantCulture);
}
