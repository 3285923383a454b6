using System.Runtime.Loader;

namespace KadOrleans.Tests.Lab;

public sealed class MutableAssemblyTests
{
    private static readonly MutableAssembly Samples = new(typeof(MutableAssemblyTests).Assembly.Location);
    private static readonly IReadOnlyList<Mutant> Mutants = Samples.FindMutants("tests/KadOrleans.Tests/Lab/Mutants");

    [Theory]
    [InlineData(nameof(MutationSamples.IsBelowTen), "edge of ", 10, 30, 20)]
    [InlineData(nameof(MutationSamples.IsBelowTen), "condition reversed", 9, 20, 30)]
    [InlineData(nameof(MutationSamples.IsBelowTen), "10 to 11", 10, 30, 20)]
    [InlineData(nameof(MutationSamples.IsBelowTen), "20 to 21", 9, 20, 21)]
    [InlineData(nameof(MutationSamples.IsTen), "== to !=", 10, true, false)]
    [InlineData(nameof(MutationSamples.IsAtMostTen), "edge of ", 10, true, false)]
    [InlineData(nameof(MutationSamples.IsAtMostTen), "comparison reversed", 9, true, false)]
    [InlineData(nameof(MutationSamples.Plus), "+ to -", 3, 6, 0)]
    [InlineData(nameof(MutationSamples.Allows), "condition reversed", 0, false, true)]
    [InlineData("AllowsNothing", "0 to 1", null, false, true)]
    [InlineData(nameof(MutationSamples.CountAfterAdd), "call of Add left out", 3, 1, 0)]
    public void A_mutant_is_one_changed_decision(string method, string mutation, object? argument, object original, object changed)
    {
        object?[] arguments = argument is null ? [] : [argument];
        Assert.Equal(original, MethodOf(typeof(MutationSamples), method).Invoke(null, arguments));
        var token = (uint)MethodOf(typeof(MutationSamples), method).MetadataToken;
        var mutants = Mutants.Where(one => one.Method == token && one.Mutation.Name.StartsWith(mutation, StringComparison.Ordinal)).ToArray();
        Assert.Contains(changed, mutants.Select(mutant => Run(mutant, method, arguments)));
    }

    [Fact]
    public void A_mutant_tells_its_line() => Assert.All(
        Mutants.Where(one => one.Mutation.Name == "+ to -"),
        mutant => Assert.Contains("number + number", File.ReadLines(Repository.Path(mutant.File)).ElementAt(mutant.Line - 1), StringComparison.Ordinal));

    [Fact]
    public void Each_area_has_mutants_and_tests() => Assert.All(MutationArea.All, area =>
    {
        var assembly = new MutableAssembly(Path.Combine(AppContext.BaseDirectory, $"{area.Assembly}.dll"));
        Assert.True(assembly.FindMutants(area.Sources).Count >= 100, area.Name);
        var known = typeof(MutableAssemblyTests).Assembly.GetTypes().Select(type => type.FullName).ToHashSet();
        Assert.NotEmpty(area.TestClasses());
        Assert.All(area.TestClasses(), name => Assert.Contains(name, known));
    });

    private static object? Run(Mutant mutant, string method, object?[] arguments)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "mutant.dll");
        Samples.Write(mutant, path);
        var context = new AssemblyLoadContext(name: null, isCollectible: true);
        using var bytes = new MemoryStream(File.ReadAllBytes(path));
        return MethodOf(context.LoadFromStream(bytes).GetType(typeof(MutationSamples).FullName!)!, method).Invoke(null, arguments);
    }

    private static System.Reflection.MethodInfo MethodOf(Type type, string name) =>
        type.GetMethod(name, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic)!;
}
