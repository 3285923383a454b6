using System.Diagnostics;
using KadOrleans.Testing;

namespace KadOrleans.Cli.Tests.Library;

/// <summary>The packages as a stranger installs them: from a folder, into a new program.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly string[] Expected =
    [
        "KadOrleans.Abstractions", "KadOrleans.Core", "KadOrleans.Node", "KadOrleans.SqliteFiles", "KadOrleans.Storage.Sqlite", "KadOrleans.Tool",
        "KadOrleans.Transport.Udp", "KadOrleans.Wire",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-packages-").FullName;

    [Fact]
    public async Task A_new_program_runs_a_node_from_the_packages_and_the_tool_is_installed()
    {
        var feed = Path.Combine(_folder, "feed");
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        await DotnetAsync(
            Repository.Root, "pack", "KadOrleans.Standalone.slnf", "--no-build", "--configuration", configuration, "--output", feed);
        Assert.Equal(
            Expected,
            Directory.GetFiles(feed, "*.nupkg").Select(file => Path.GetFileName(file)[..^".0.1.0.nupkg".Length]).Order(StringComparer.Ordinal));

        WriteProgram(feed);
        Assert.EndsWith("hello", await DotnetAsync(Path.Combine(_folder, "program"), "run"), StringComparison.Ordinal);

        var tools = Path.Combine(_folder, "tools");
        await DotnetAsync(
            Path.Combine(_folder, "program"), "tool", "install", "KadOrleans.Tool", "--tool-path", tools, "--source", feed);
        Assert.StartsWith("0.1.0", await RunAsync(Path.Combine(tools, "kad"), _folder, "--version"), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void WriteProgram(string feed)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "program")).FullName;
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="feed" value="{feed}" />
              </packageSources>
              <packageSourceMapping>
                <clear />
              </packageSourceMapping>
              <fallbackPackageFolders>
                <add key="cache" value="{cache}" />
              </fallbackPackageFolders>
              <config>
                <add key="globalPackagesFolder" value="{Path.Combine(_folder, "cache")}" />
              </config>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(folder, "program.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="KadOrleans.Storage.Sqlite" Version="0.1.0" />
                <PackageReference Include="KadOrleans.Transport.Udp" Version="0.1.0" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), """
            using KadOrleans;
            using KadOrleans.Node;
            using KadOrleans.Storage.Sqlite.Hosting;
            using KadOrleans.Transport.Udp.Hosting;

            await using var node = await KadNode.CreateBuilder().UseUdp("127.0.0.1:0").UseSqlite("kad-data").BuildAsync();
            await node.StartAsync();
            await node.SetAsync("greeting", "hello", SetAcknowledgement.Durable);
            Console.WriteLine((await node.GetAsync<string>("greeting")).Value);
            """);
    }

    private static Task<string> DotnetAsync(string folder, params string[] args) => RunAsync("dotnet", folder, args);

    private static async Task<string> RunAsync(string file, string folder, params string[] args)
    {
        var start = new ProcessStartInfo(file, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // What the test host sets for itself would lead a second build to its own files.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        // The cache of the program is its own.
        if (folder != Repository.Root)
        {
            start.Environment.Remove("NUGET_PACKAGES");
        }

        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{file} {string.Join(' ', args)} ended with {process.ExitCode}:\n{await output}{await error}");
        return (await output).TrimEnd();
    }
}
