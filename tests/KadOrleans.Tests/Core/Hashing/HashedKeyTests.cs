namespace KadOrleans.Tests.Core;

/// <summary>What strangers choose is a key of hash containers only as a type whose hash takes all bits in under a secret.</summary>
public partial class HashedKeyTests
{
    // Whose hash is UniversalHash, or made of such hashes, or Marvin of .NET, which has a secret too.
    private static readonly string[] Keyed =
    [
        "(bool IsUser, string Sha256)",
        "NodeId", "UdpEndpoint", "SourceNetwork", "Contact", "RequestKey", "BucketRange", "AddressRange",
        "(SourceNetwork, bool IsSubnet)", "(int Path, SourceNetwork Network)", "string", "(string Name, long Epoch)", "(string Cookie, string Proof)", "(string Cookie, string Code)", "NameUse?", "StateKey", "ValueName",
        "DhtValue", "ItemOwner",
    ];

    // Numbers of pages, segments, slices and shards, own ports, addresses of silos, lengths of sessions, and what silos and code consist of.
    private static readonly string[] NotOfStrangers =
    [
        "int", "long", "ushort", "EndPoint", "TimeSpan", "Type", "(MethodInfo Method, Type? Grain)", "GrainId", "SiloAddress", "SliceLease", "Grain", "T", "object",
        "Task", "Page", "Candidate", "ValueCache", "ShardEngine", "IGrainContext", "(LogLevel Level, int Event)",
    ];

    [Fact]
    public void Every_type_of_key_is_hashed_under_a_secret_or_no_strangers_choice()
    {
        var used = Sources()
            .SelectMany(file => ContainerPattern().Matches(file.Text).Select(match => (Key: match.Groups[1].Value, file.Name)))
            .ToList();
        Assert.Contains(used, one => one.Key == nameof(NodeId));
        Assert.DoesNotContain(used, one => !Keyed.Contains(one.Key) && !NotOfStrangers.Contains(one.Key));
    }

    [Fact]
    public void No_code_hashes_by_HashCode_which_folds_numbers_before_its_seed() => Assert.Empty(
        Sources().Where(file => HashCodePattern().IsMatch(file.Text)).Select(file => file.Name));

    private static IEnumerable<(string Name, string Text)> Sources() => Directory
        .EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
        .Select(file => (Path.GetFileName(file), string.Join('\n', File.ReadLines(file).Where(line => !IsComment(line)))));

    private static bool IsComment(string line) => line.TrimStart().StartsWith("//", StringComparison.Ordinal);

    [GeneratedRegex(@"(?:Dictionary|HashSet|FrozenSet|Lookup|IGrouping)<(\([^)]*\)|[\w.?]+)")]
    private static partial Regex ContainerPattern();

    [GeneratedRegex(@"\bHashCode\.|new HashCode\b|\bHashCode \w")]
    private static partial Regex HashCodePattern();
}
