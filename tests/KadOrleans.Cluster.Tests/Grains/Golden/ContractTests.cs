using System.Reflection;
using Orleans.Serialization;
using Orleans.Serialization.Configuration;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What processes of a cluster say to each other, and store, changes by intention alone. Interfaces are in OrleansContracts.txt.</summary>
public class ContractTests
{
    private static readonly Type[] Types =
        [.. new[] { typeof(IClusterGrain).Assembly, typeof(ClusterGrain).Assembly }.SelectMany(assembly => assembly.GetTypes())];

    private static readonly IReadOnlyDictionary<string, Type> Manifest = new ServiceCollection().AddSerializer()
        .BuildServiceProvider().GetRequiredService<IOptions<TypeManifestOptions>>().Value.WellKnownTypeAliases.AsReadOnly();

    /// <summary>Each line: alias or name, and the members by their ids.</summary>
    [Fact]
    public void A_serialized_type_keeps_its_alias_and_its_ids() => GoldenFile.Check(
        "types.txt",
        Types.Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)).Select(DescribeType),
        "A serialized type changed since Golden/types.txt was written. In a stored state that raises StateSchema.Version. Then put the new line into the file.");

    private static string DescribeType(Type type)
    {
        const BindingFlags own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var members = type.GetMembers(own)
            .Select(member => (Id: member.GetCustomAttribute<IdAttribute>()?.Id, Type: (member as PropertyInfo)?.PropertyType ?? (member as FieldInfo)?.FieldType))
            .Where(member => member is { Id: not null, Type: not null })
            .OrderBy(member => member.Id)
            .Select(member => $"{member.Id}:{NameOf(member.Type!)}");
        return string.Join(' ', members.Prepend(NameOf(type)));
    }

    private static string NameOf(Type type)
    {
        if (type.IsArray)
        {
            return $"{NameOf(type.GetElementType()!)}[]";
        }

        var name = AliasOf(type) ?? NameOnWire(type) ?? type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(',', type.GetGenericArguments().Select(NameOf))}>" : name;
    }

    // As on the wire: some types have their names from the manifest, and a surrogate has that of the type it carries.
    private static string? NameOnWire(Type type)
    {
        var carried = Types.SelectMany(one => one.GetInterfaces())
            .Where(one => one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IConverter<,>) && one.GenericTypeArguments[1] == type)
            .Select(one => one.GenericTypeArguments[0])
            .FirstOrDefault(type);
        return Manifest.FirstOrDefault(alias => alias.Value == carried).Key;
    }

    // A type that was renamed keeps its older aliases.
    private static string? AliasOf(MemberInfo member) =>
        member.GetCustomAttributes<AliasAttribute>(inherit: false).Select(alias => alias.Alias).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } aliases
            ? string.Join('|', aliases)
            : null;
}

internal static class GoldenFile
{
    public static string[] Read(string name) => File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Golden", name));

    /// <summary>Fails if a file does not have these lines.</summary>
    public static void Check(string name, IEnumerable<string> lines, string advice)
    {
        string[] actual = [.. lines.Order(StringComparer.Ordinal)];
        var golden = Read(name);
        var gone = golden.Except(actual).ToList();
        Assert.True(gone.Count == 0, $"{advice}\nNot in this build:\n{string.Join('\n', gone)}\nInstead, or new:\n{string.Join('\n', actual.Except(golden))}");
        var added = actual.Except(golden).ToList();
        Assert.True(added.Count == 0, $"New in this build; add it to Golden/{name}:\n{string.Join('\n', added)}");
    }
}
