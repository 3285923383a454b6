using System.IO.Compression;

namespace KadOrleans.Aspire.Tests;

/// <summary>The package as a stranger has it: with <c>kad-server</c>, and where to find it.</summary>
public sealed class PackageTests : FolderTests
{
    private const string Server = "tools/server/kad-server.dll";
    private const string Targets = "buildTransitive/KadOrleans.Aspire.Hosting.targets";

    [Fact]
    [Trait("Tier", "Long")]
    public async Task The_package_carries_a_server_that_runs_where_its_targets_say()
    {
        using var program = new NewProgram();
        await program.PackAsync("src/KadOrleans.Aspire.Hosting/KadOrleans.Aspire.Hosting.csproj");
        var package = Assert.Single(Directory.GetFiles(program.Feed, "KadOrleans.Aspire.Hosting.*.nupkg"));
        await ZipFile.ExtractToDirectoryAsync(package, Folder, TestContext.Current.CancellationToken);

        Assert.Contains($"../{Server}", File.ReadAllText(Path.Combine(Folder, Targets)), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Folder, "tools/server/schema.sql")));

        await using var builder = AppHosts.Create();
        builder.AddKadCluster("kad", server: Path.Combine(Folder, Server)).WithDataFolder(Path.Combine(Folder, "data"));
        await using var host = await builder.BuildAsync(TestContext.Current.CancellationToken);
        await host.StartAsync(TestContext.Current.CancellationToken).WaitAsync(AppHosts.Longest);
        await host.ResourceNotifications.WaitForResourceHealthyAsync("kad", TestContext.Current.CancellationToken).WaitAsync(AppHosts.Longest);
    }
}
