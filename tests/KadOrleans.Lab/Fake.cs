using System.Reflection;

namespace KadOrleans.Lab;

/// <summary>Stand-ins for interfaces: each call goes to one function, which gets the method's name and the arguments.</summary>
public static class Fake
{
    public static T Of<T>(Func<string, object?[], object?> answer)
        where T : class
    {
        var fake = DispatchProxy.Create<T, FakeProxy>();
        ((FakeProxy)(object)fake).Answer = (method, args) => answer(method.Name, args);
        return fake;
    }

    /// <summary>
    /// A real part with faults at will: each call goes to the part that there is then, after <paramref name="before"/>, which gets the
    /// method's name and the arguments and fails the call by throwing.
    /// </summary>
    public static T Over<T>(Func<T> part, Action<string, object?[]> before)
        where T : class
    {
        var fake = DispatchProxy.Create<T, FakeProxy>();
        ((FakeProxy)(object)fake).Answer = (method, args) =>
        {
            before(method.Name, args);
            return method.Invoke(part(), BindingFlags.DoNotWrapExceptions, null, args, null);
        };
        return fake;
    }
}

/// <inheritdoc cref="Fake"/>
public class FakeProxy : DispatchProxy
{
    internal Func<MethodInfo, object?[], object?> Answer { get; set; } = static (_, _) => null;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Answer(targetMethod!, args ?? []);
}
