namespace KadOrleans.Client;

/// <summary>A converter made of two functions. Types that each STORE carries have their own converters, which call no delegates.</summary>
/// <remarks>
/// Surrogates of core types were structs with properties. As records they must not include their parameters, or the bytes would change.
/// </remarks>
internal abstract class SimpleConverter<TValue, TSurrogate>(Func<TSurrogate, TValue> read, Func<TValue, TSurrogate> write)
    : IConverter<TValue, TSurrogate>
    where TSurrogate : struct
{
    public TValue ConvertFromSurrogate(in TSurrogate surrogate) => read(surrogate);

    public TSurrogate ConvertToSurrogate(in TValue value) => write(value);
}
