using KadOrleans.Core.Values;

namespace KadOrleans;

/// <summary>The five types of values as .NET has them.</summary>
internal static class TypedValues
{
    private static readonly Dictionary<Type, DhtValueKind> Kinds = new()
    {
        [typeof(string)] = DhtValueKind.String,
        [typeof(long)] = DhtValueKind.Integer,
        [typeof(double)] = DhtValueKind.Float,
        [typeof(bool)] = DhtValueKind.Boolean,
        [typeof(byte[])] = DhtValueKind.Bytes,
    };

    /// <exception cref="NotSupportedException">The type is none of the five.</exception>
    public static DhtValueKind KindOf(Type type) => Kinds.TryGetValue(type, out var kind)
        ? kind
        : throw new NotSupportedException($"Type {type.Name} is not supported; use string, long, double, bool or byte[].");

    /// <exception cref="InvalidOperationException">The value is of another type, or a number beyond it.</exception>
    public static T Read<T>(DhtValue value)
    {
        if (value.Kind != KindOf(typeof(T)))
        {
            throw new InvalidOperationException($"The value is {value.Kind}, not {KindOf(typeof(T))}.");
        }

        object read = value.Kind switch
        {
            DhtValueKind.String => value.AsString(),
            DhtValueKind.Integer => ToInt64(value.AsInteger()),
            DhtValueKind.Float => value.AsFloat(),
            DhtValueKind.Boolean => value.AsBoolean(),
            _ => value.AsBytes().ToArray(),
        };
        return (T)read;
    }

    private static long ToInt64(Int128 number) => number <= long.MaxValue
        ? (long)number
        : throw new InvalidOperationException($"The value is {number}, more than a long holds; get it without a type.");
}
