namespace KadOrleans.Tests.Deployment;

/// <summary>A folder with a program has what the program asks for, also if it was copied there with another program that starts it.</summary>
public sealed class CarriedAssembliesTests
{
    public static readonly TheoryData<string> Projects = ["src/KadOrleans.Cli", "src/KadOrleans.Server", "tests/KadOrleans.Lab"];

    private static readonly string[] Compilers = ["Microsoft.CodeAnalysis", "Humanizer", "System.Composition"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_program_of_a_folder_finds_each_assembly_that_it_lists(string project)
    {
        var path = Repository.OutputOf(project);
        string[] programs = [.. Directory.GetFiles(path, "*.runtimeconfig.json").Select(file => Path.GetFileName(file)[..^".runtimeconfig.json".Length])];
        Assert.NotEmpty(programs);
        Assert.All(
            programs.SelectMany(program => ListedBy(Path.Combine(path, $"{program}.deps.json"))).Distinct(),
            assembly => Assert.True(File.Exists(Path.Combine(path, assembly)), $"{path} lacks {assembly}."));
    }

    /// <summary>Orleans' packages bring them, though only its analyzers need them. Images copy what is in these folders.</summary>
    [Fact]
    public void The_executable_of_silos_and_edges_brings_no_libraries_of_compilers()
    {
        var path = Repository.OutputOf("src/KadOrleans.Server");
        string[] assemblies =
        [
            .. Directory.GetFiles(path, "*.dll").Select(file => Path.GetFileName(file)),
            .. Directory.GetFiles(path, "*.deps.json").SelectMany(ListedBy),
        ];
        Assert.NotEmpty(assemblies);
        Assert.All(Compilers, compiler => Assert.DoesNotContain(assemblies, assembly => assembly.StartsWith(compiler, StringComparison.Ordinal)));
    }

    private static IEnumerable<string> ListedBy(string file)
    {
        var targets = JsonNode.Parse(File.ReadAllText(file))!["targets"]!.AsObject();
        return targets.SelectMany(target => target.Value!.AsObject())
            .SelectMany(package => package.Value!["runtime"]?.AsObject() ?? [])
            .Select(assembly => Path.GetFileName(assembly.Key));
    }
}
