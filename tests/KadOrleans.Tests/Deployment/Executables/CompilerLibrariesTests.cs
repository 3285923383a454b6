namespace KadOrleans.Tests.Deployment;

/// <summary>What images copy from: the folders of the two executables of silos and edges.</summary>
public sealed class CompilerLibrariesTests
{
    private static readonly string[] Compilers = ["Microsoft.CodeAnalysis", "Humanizer", "System.Composition"];

    [Theory]
    [InlineData("KadOrleans.Server", "kad-server")]
    [InlineData("KadOrleans.Server.Full", "kad-server-full")]
    public void An_executable_brings_no_libraries_of_compilers(string project, string name)
    {
        var bin = new DirectoryInfo(Path.Combine(Repository.Root, "src", project, "bin"));
        var file = bin.Exists ? bin.GetFiles($"{name}.deps.json", SearchOption.AllDirectories).MaxBy(found => found.LastWriteTimeUtc) : null;
        Assert.SkipWhen(file is null, $"{project} is not built here.");

        var libraries = file.Directory!.GetFiles("*.dll").Select(library => library.Name);
        Assert.DoesNotContain(libraries, library => Compilers.Any(compiler => library.StartsWith(compiler, StringComparison.Ordinal)));
        Assert.DoesNotContain("/Microsoft.CodeAnalysis.dll\"", File.ReadAllText(file.FullName), StringComparison.Ordinal);
    }
}
