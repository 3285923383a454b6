using System.Collections;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Compares by content, lists within records too.</summary>
internal static class Deep
{
    public static void Equal(object? expected, object? actual)
    {
        if (expected is null || actual is null)
        {
            Assert.Equal(expected, actual);
            return;
        }

        Assert.Equal(expected is IEnumerable, actual is IEnumerable);
        if (expected is IEnumerable many and not string)
        {
            var (left, right) = (many.Cast<object?>().ToList(), ((IEnumerable)actual).Cast<object?>().ToList());
            Assert.Equal(left.Count, right.Count);
            left.Zip(right).ToList().ForEach(pair => Equal(pair.First, pair.Second));
            return;
        }

        Assert.Equal(expected.GetType(), actual.GetType());
        var properties = expected.GetType().GetProperties().Where(property => property.GetIndexParameters().Length == 0 && !IsStatic(property)).ToList();
        if ((expected.GetType().IsValueType && !expected.GetType().Name.StartsWith("KeyValuePair", StringComparison.Ordinal))
            || expected is string
            || properties.Count == 0)
        {
            Assert.Equal(expected, actual);
            return;
        }

        properties.ForEach(property => Equal(property.GetValue(expected), property.GetValue(actual)));
    }

    private static bool IsStatic(System.Reflection.PropertyInfo property) => property.GetMethod!.IsStatic;
}
