using System.Reflection;
using System.Xml.Linq;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The README of a package is for programs: what it names they can use.</summary>
public sealed class ReadmeTests
{
    private static readonly Regex Block = new(@"^ *```.*?^ *```[^\n]*$", RegexOptions.Multiline | RegexOptions.Singleline);
    private static readonly Regex Code = new("`([^`\n]*)`");
    private static readonly Regex Path = new(@"(?<![\w.])[A-Z]\w*(?:\.[A-Z]\w*)*");

    // Of what others call something, and what we do.
    private static readonly Regex Theirs = new(@"^\|[^|]*\|");

    private static readonly Dictionary<string, Type[]> Types = Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
        .Where(file => System.IO.Path.GetFileName(file) is var name
            && (name.StartsWith("KadOrleans.", StringComparison.Ordinal) || name.StartsWith("kad", StringComparison.Ordinal))
            && !name.Contains("Tests", StringComparison.Ordinal) && !name.StartsWith("kad-lab", StringComparison.Ordinal))
        .SelectMany(file => Assembly.LoadFrom(file).GetTypes())
        .GroupBy(type => type.Name.Split('`')[0])
        .ToDictionary(group => group.Key, group => group.ToArray());

    public static TheoryData<string> Packages =>
    [
        .. Directory.EnumerateFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
            .Where(file => XDocument.Load(file).Descendants("IsPackable").Any(one => one.Value == "true"))
            .Select(file => System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(file)!))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Packages))]
    public void Each_type_of_ours_that_a_package_names_is_public_and_has_the_members(string package)
    {
        var text = Block.Replace(Repository.Read($"src/{package}/README.md"), "\n");
        var lines = text.Split("| theirs | ours |").SelectMany((part, i) => part.Split('\n').Select(line => i == 0 ? line : Theirs.Replace(line, "|")));
        Assert.Empty(lines.SelectMany(line => Code.Matches(line)).SelectMany(code => Path.Matches(code.Groups[1].Value)).Select(FindProblem).OfType<string>());
    }

    [Fact]
    public void What_programs_cannot_use_is_found()
    {
        Assert.Null(FindProblem(Path.Match("KadNodeOptions.Kademlia.BucketSize")));
        Assert.Equal("InMemoryKeyStore is not public.", FindProblem(Path.Match("InMemoryKeyStore")));
        Assert.Equal("KademliaOptions has no public Id.", FindProblem(Path.Match("KadNodeOptions.Kademlia.Id")));
    }

    private static string? FindProblem(Match path)
    {
        var names = path.Value.Split('.');
        if (!Types.TryGetValue(names[0], out var types))
        {
            return null;
        }

        var type = types.FirstOrDefault(one => one.IsVisible);
        if (type is null)
        {
            return $"{names[0]} is not public.";
        }

        foreach (var name in names.Skip(1))
        {
            if (type.GetMember(name) is not [var member, ..])
            {
                return $"{type.Name} has no public {name}.";
            }

            type = member is PropertyInfo property ? property.PropertyType : typeof(object);
        }

        return null;
    }
}
