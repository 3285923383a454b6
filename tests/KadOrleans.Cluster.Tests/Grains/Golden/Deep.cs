using System.Collections;
using System.Reflection;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Compares by content, lists within records too.</summary>
internal static class Deep
{
    public static void Equal(object? expected, object? actual)
    {
        if (expected is IEnumerable many and not string)
        {
            var (left, right) = (many.Cast<object?>().ToList(), Assert.IsAssignableFrom<IEnumerable>(actual).Cast<object?>().ToList());
            Assert.Equal(left.Count, right.Count);
            left.Zip(right).ToList().ForEach(pair => Equal(pair.First, pair.Second));
            return;
        }

        Assert.Equal(expected?.GetType(), actual?.GetType());
        var properties = PropertiesOf(expected);
        if (properties.Count == 0)
        {
            Assert.Equal(expected, actual);
        }

        properties.ForEach(property => Equal(property.GetValue(expected), property.GetValue(actual)));
    }

    // Values that are no pairs are compared as they are.
    private static List<PropertyInfo> PropertiesOf(object? value) =>
        value is null or string || (value is ValueType && !value.GetType().Name.StartsWith("KeyValuePair", StringComparison.Ordinal))
            ? []
            : [.. value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(one => one.GetIndexParameters() is [])];
}
