using System.Xml.Linq;

namespace KadOrleans.Lab;

/// <summary>
/// A program that somebody begins elsewhere. It has the packages of this build from a folder, and others from the cache that the
/// solution was restored into.
/// </summary>
public sealed class NewProgram : IDisposable
{
    // A folder with the packages of this build, for a run of many tests that need them.
    private static readonly string? Made = Environment.GetEnvironmentVariable("KAD_TEST_FEED") is { Length: > 0 } feed ? feed : null;

    private readonly TemporaryFolder _folder = new();

    /// <summary>The version of this build's packages.</summary>
    public static string Version { get; } = XDocument.Parse(Repository.Read("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;

    public string Feed => Made ?? _folder["feed"];

    public string Folder => _folder["program"];

    public static string VersionOf(string package) => XDocument.Parse(Repository.Read("Directory.Packages.props"))
        .Descendants("PackageVersion").Single(p => p.Attribute("Include")!.Value == package).Attribute("Version")!.Value;

    /// <summary>
    /// Packs what was built of a solution, unless <c>KAD_TEST_FEED</c> names a folder with its packages, and returns their ids in ordinal order.
    /// </summary>
    public async Task<IReadOnlyList<string>> PackAsync(string solution)
    {
        // Two tests that run side by side would write the same files.
        await using var turn = await FileTurn.TakeAsync("kad-pack.lock");
        if (Made is null)
        {
            await RunAsync("dotnet", Repository.Root, "pack", solution, "--no-build", "--configuration", Repository.Configuration, "--output", Feed);
        }

        return
        [
            .. Directory.GetFiles(Feed, "*.nupkg")
                .Select(file => Path.GetFileName(file)[..^$".{Version}.nupkg".Length]).Order(StringComparer.Ordinal),
        ];
    }

    public void Write(string source, IEnumerable<string> packages, params IEnumerable<string> others)
    {
        WriteConfig();
        WriteFile("Program.cs", source);
        WriteFile("program.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(packages.Select(id => Reference(id, Version)))}
                {string.Concat(others.Select(id => Reference(id, VersionOf(id))))}
              </ItemGroup>
            </Project>
            """);
    }

    public Task<string> RunAsync(params string[] args) => RunAsync("dotnet", Folder, ["run", "--", .. args]);

    /// <summary>Installs a .NET tool of this build, runs it, and returns what it wrote.</summary>
    public async Task<string> RunToolAsync(string package, string command, params string[] args)
    {
        var tools = _folder["tools"];
        await RunAsync("dotnet", Folder, "tool", "install", package, "--tool-path", tools, "--source", Feed);
        return await RunAsync(Path.Combine(tools, command), Folder, args);
    }

    /// <summary>Makes a program of a template of this build, builds it in its folder below <see cref="Folder"/>, and returns its assembly.</summary>
    public async Task<string> MakeAsync(string template, string name)
    {
        WriteConfig();
        var (hive, folder) = (_folder["hive"], Path.Combine(Folder, name));
        if (!Directory.Exists(hive))
        {
            await RunAsync("dotnet", Folder, "new", "install", Path.Combine(Feed, $"KadOrleans.Templates.{Version}.nupkg"), "--debug:custom-hive", hive);
        }

        await RunAsync("dotnet", Folder, "new", template, "--name", name, "--output", folder, "--debug:custom-hive", hive);
        await RunAsync("dotnet", folder, "build", "--nologo", "--output", Path.Combine(folder, "built"), "-p:NuGetAudit=false");
        return Path.Combine(folder, "built", name);
    }

    public void Dispose() => _folder.Dispose();

    private void WriteConfig()
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Directory.CreateDirectory(Folder);
        WriteFile("nuget.config", $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="feed" value="{Feed}" />
              </packageSources>
              <packageSourceMapping>
                <clear />
              </packageSourceMapping>
              <fallbackPackageFolders>
                <add key="cache" value="{cache}" />
              </fallbackPackageFolders>
              <config>
                <add key="globalPackagesFolder" value="{_folder["cache"]}" />
              </config>
            </configuration>
            """);
    }

    private static string Reference(string id, string version) => $"""<PackageReference Include="{id}" Version="{version}" />""";

    private static async Task<string> RunAsync(string file, string folder, params string[] args)
    {
        var (exitCode, output) = await Sdk.RunAsync(file, folder, args);
        Assert.True(exitCode == 0, $"{file} {string.Join(' ', args)} ended with {exitCode}:\n{output}");
        return output;
    }

    private void WriteFile(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), text);
}

/// <summary>Runs the .NET SDK as a person does in a shell: without what the test host sets for itself.</summary>
internal static class Sdk
{
    /// <returns>Its exit code, and what it wrote to both streams, results first.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(string file, string folder, params string[] args)
    {
        var start = new ProcessStartInfo(file, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // These would lead a second build to the test host's own files.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        // The cache of a program elsewhere is its own.
        if (folder != Repository.Root)
        {
            start.Environment.Remove("NUGET_PACKAGES");
        }

        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, (await output).TrimEnd() + await error);
    }
}
