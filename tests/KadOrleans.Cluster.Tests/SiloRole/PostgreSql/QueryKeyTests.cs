using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// The schema has every query that Orleans' providers ask for, those that they can do without too, and no other. Silos of builds before
/// keep grain state by such a provider.
/// </summary>
public sealed class QueryKeyTests
{
    private static readonly Assembly[] Providers =
        [typeof(AdoNetClusteringSiloOptions).Assembly, typeof(AdoNetGrainStorageOptions).Assembly, typeof(AdoNetReminderTableOptions).Assembly];

    [Fact]
    public void The_schema_has_the_queries_that_the_providers_ask_for()
    {
        var has = Regex.Matches(Repository.Read("infra/postgresql/schema.sql"), @"^\('(\w+)', \$\$$", RegexOptions.Multiline)
            .Select(query => query.Groups[1].Value);

        Assert.Equal(Providers.SelectMany(KeysIn).Order(StringComparer.Ordinal), has.Order(StringComparer.Ordinal));
    }

    // A key is a literal. Two others have that form: the keys' column, and a setting of grain storage.
    private static List<string> KeysIn(Assembly provider)
    {
        using var file = new PEReader(File.OpenRead(provider.Location));
        var metadata = file.GetMetadataReader();
        var keys = new List<string>();
        for (var literal = MetadataTokens.UserStringHandle(1); !literal.IsNil; literal = metadata.GetNextHandle(literal))
        {
            var text = metadata.GetUserString(literal);
            if (Regex.IsMatch(text, @"^\w+Key$") && text is not ("QueryKey" or "SerializerKey"))
            {
                keys.Add(text);
            }
        }

        return keys;
    }
}
