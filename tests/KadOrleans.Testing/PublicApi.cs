using System.Reflection;

namespace KadOrleans.Testing;

/// <summary>What an assembly shows to programs, as text: a line for each public type and each of its own public members.</summary>
public static class PublicApi
{
    private const BindingFlags Own =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The lines in ordinal order. Members that the compiler or Orleans generates are left out.</summary>
    private static IEnumerable<string> Describe(Assembly assembly) => assembly.GetExportedTypes()
        .Where(type => !type.FullName!.StartsWith("OrleansCodeGen.", StringComparison.Ordinal))
        .SelectMany(Describe)
        .Order(StringComparer.Ordinal);

    /// <summary>Compares with a file of the repository. <c>KAD_UPDATE_API=true</c> writes the file instead.</summary>
    /// <returns>The lines that are new or gone; empty if the surface is as the file has it.</returns>
    private static IReadOnlyList<string> Compare(Assembly assembly, string baseline)
    {
        var (path, now) = (Repository.Path(baseline), Describe(assembly).ToList());
        if (Environment.GetEnvironmentVariable("KAD_UPDATE_API") == "true")
        {
            File.WriteAllLines(path, now);
        }

        var before = File.Exists(path) ? File.ReadAllLines(path) : [];
        return [.. now.Except(before).Select(line => $"+ {line}"), .. before.Except(now).Select(line => $"- {line}")];
    }

    /// <summary>Compares with <c>docs/api</c>.</summary>
    public static void AssertUnchanged(Assembly assembly)
    {
        var baseline = $"docs/api/{assembly.GetName().Name}.txt";
        var differences = Compare(assembly, baseline);
        Assert.True(differences is [], $"""
            The public surface differs from {baseline}. Run the tests with KAD_UPDATE_API=true, and tell users in CHANGELOG.md.
            {string.Join('\n', differences)}
            """);
    }

    private static IEnumerable<string> Describe(Type type) => type.GetMembers(Own)
        .Where(member => member.MemberType is not MemberTypes.NestedType && !IsImplied(member))
        .Select(member => $"{type}: {member}")
        .Prepend(type.ToString());

    // Accessors are told by their property, the value members of a record by its being one.
    private static bool IsImplied(MemberInfo member) =>
        member is MethodBase { IsSpecialName: true, IsConstructor: false } && !member.Name.StartsWith("op_", StringComparison.Ordinal)
        || member.Name is "Equals" or "GetHashCode" or "ToString" or "Deconstruct" or "op_Equality" or "op_Inequality"
        || member.Name.Contains('<', StringComparison.Ordinal);
}
