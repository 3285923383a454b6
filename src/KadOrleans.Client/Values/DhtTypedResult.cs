namespace KadOrleans.Client.Values;

/// <summary>A value of a known type, if there is one.</summary>
/// <param name="Found">Whether there is a value.</param>
/// <param name="Value">The value; the type's default without one.</param>
public readonly record struct DhtTypedResult<T>(bool Found, T? Value);
